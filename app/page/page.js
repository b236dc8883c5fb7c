// What a person does on the page, and what follows. Drawing is in answer.js, words about the
// server's refusals in server.js, what the tagger knows in about.js.

import { drawAbout, readAbout } from "./about.js";
import { Answer } from "./answer.js";
import { EXAMPLES } from "./examples.js";
import { highestLength, predict, Trouble } from "./server.js";
import { counted, make, part } from "./writing.js";

/** A wait that nobody notices is not worth a flicker. */
const UNNOTICED_MILLISECONDS = 150;

const form = part("ask");
const fields = { text: part("text"), title: part("title"), description: part("description") };
const answer = new Answer({ onMore: showMore });

let about = { tags: [] };
let longest = Infinity;
let asking = new AbortController();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    ask();
  }
});
form.addEventListener("input", showLength);
for (const choice of form.elements.kind) choice.addEventListener("change", showKind);
if (/mac|iphone|ipad/i.test(navigator.platform)) part("modifier").textContent = "⌘";

const examples = EXAMPLES.map((example) => {
  const button = make("button", { type: "button", class: "small" }, example.name);
  button.addEventListener("click", () => {
    fill(example.item);
    ask();
  });
  return { button, tag: example.tag };
});
part("examples").replaceChildren(...examples.map(({ button }) => button));
window.addEventListener("pageshow", showKind); // a browser that goes back puts in what was typed
showKind();
refreshAbout();
highestLength().then((found) => {
  longest = found;
  showLength();
});

// What is asked

function kind() {
  return form.elements.kind.value;
}

function item() {
  if (kind() === "text") return { text: fields.text.value };
  return { title: fields.title.value, description: fields.description.value };
}

function fill(found) {
  form.elements.kind.value = "text" in found ? "text" : "titled";
  for (const [name, value] of Object.entries(found)) fields[name].value = value;
  showKind();
}

function showKind() {
  part("as-text").hidden = kind() !== "text";
  part("as-titled").hidden = kind() !== "titled";
  showLength();
}

/** The length as the server counts it: in code points; a pair is joined by a full stop and a blank. */
function length() {
  const asked = item();
  return counted("text" in asked ? asked.text : `${asked.title}. ${asked.description}`);
}

function showLength() {
  const most = Number.isFinite(longest) ? ` of ${longest.toLocaleString("en")}` : "";
  const now = Object.values(item()).join("") ? length() : 0;
  part("length").textContent = `${now.toLocaleString("en")}${most} characters`;
  part("length").classList.toggle("over", now > longest);
}

/** Refused here and not only by the server: it need not read what it would refuse. */
function refuseLongest() {
  const now = length();
  if (now <= longest) return;
  const over = (now - longest).toLocaleString("en");
  throw new Trouble("Your text is too long.", [
    `It has ${now.toLocaleString("en")} characters, and ${longest.toLocaleString("en")} is the most ` +
      `that can be tagged at once. Shorten it by ${over}.`,
  ]);
}

// What comes of it

async function ask() {
  asking.abort();
  asking = new AbortController();
  await attempt(asking.signal, async (signal) => {
    refuseLongest();
    const asked = item();
    const found = await predict({ texts: [asked], evidence: true }, { signal });
    if (signal.aborted) return;
    if (found.run_id !== about.run?.run_id) await refreshAbout(); // another was promoted
    if (signal.aborted) return;
    part("status").textContent = answer.show(found.prediction, { runId: found.run_id, item: asked, task: about.run?.task });
  });
}

/** Ask for tags below their lines too, of the run and the text that the answer on show is about. */
async function showMore({ runId, item: asked, given }) {
  asking.abort();
  asking = new AbortController();
  await attempt(asking.signal, async (signal) => {
    const found = await predict(
      { texts: [asked], evidence: true, threshold: 0, top_k: given + 5 },
      { signal, runId },
    );
    if (signal.aborted) return;
    part("status").textContent = answer.showClose(found.prediction, about.tags);
  });
}

async function attempt(signal, work) {
  clearTrouble();
  const waiting = setTimeout(() => busy(true), UNNOTICED_MILLISECONDS);
  try {
    await work(signal);
  } catch (fault) {
    if (signal.aborted) return; // a newer question took its place
    if (!(fault instanceof Trouble)) throw fault;
    showTrouble(fault);
  } finally {
    clearTimeout(waiting);
    if (!signal.aborted) busy(false);
  }
}

function busy(now) {
  part("find").textContent = now ? "Finding tags…" : "Find tags";
  form.setAttribute("aria-busy", String(now));
}

function clearTrouble() {
  part("trouble").replaceChildren();
  for (const field of Object.values(fields)) field.removeAttribute("aria-invalid");
}

function showTrouble(trouble) {
  part("status").textContent = "";
  const sentences = trouble.sentences.map((sentence) => make("li", {}, sentence));
  part("trouble").replaceChildren(
    make("strong", {}, trouble.message),
    make("ul", {}, ...sentences),
  );
  const wrong = trouble.fields.filter((name) => name in fields);
  for (const name of wrong) fields[name].setAttribute("aria-invalid", "true");
  if (wrong.length) fields[wrong[0]].focus();
  part("trouble").scrollIntoView({ block: "nearest" });
}

async function refreshAbout() {
  about = await readAbout();
  drawAbout(about);
  const known = new Set(about.tags.map(({ tag }) => tag));
  for (const { button, tag } of examples) button.hidden = !known.has(tag);
  part("offer").hidden = examples.every(({ button }) => button.hidden);
}
