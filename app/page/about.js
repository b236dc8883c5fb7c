// What the tagger knows and how good it is, for those who have never heard of precision and recall.

import { data, Trouble } from "./server.js";
import { make, part, percent } from "./writing.js";

/** Read it from the server; what cannot be read is left undefined, or empty. */
export async function readAbout() {
  const [performance, tags, runs] = await Promise.all([
    ifThere("/performance?filter=overall"),
    ifThere("/tags"),
    ifThere("/runs"),
  ]);
  const run = runs?.runs.find((one) => one.served);
  return { overall: performance?.overall, tags: tags?.tags ?? [], run };
}

async function ifThere(path) {
  try {
    return await data(path);
  } catch (fault) {
    if (fault instanceof Trouble) return undefined; // the page says that it does not know
    throw fault;
  }
}

/** Draw it. */
export function drawAbout({ overall, tags, run }) {
  document.body.dataset.task = run?.task ?? "";
  const unknown = make("p", {}, "The server did not tell how good its tagger is.");
  part("performance").replaceChildren(...(overall ? factsOf(overall) : [unknown]));
  part("run").replaceChildren(...(run ? describe(run) : []));
  part("known").hidden = !tags.length;
  part("known").querySelector("summary").textContent = `The ${tags.length} tags it can give`;
  part("tags").replaceChildren(...tags.map(rowOf));
}

function factsOf({ recall, micro_f1: microF1, texts }) {
  // The share of given tags that are right, all tags thrown together: `precision` is a mean of tags.
  const right = microF1 && (microF1 * recall) / (2 * recall - microF1);
  return [
    fact(ofHundred(right), "tags that it gives are right"),
    fact(ofHundred(recall), "tags that belong to a text are found"),
    fact(texts.toLocaleString("en"), "texts, unseen in training, were the test"),
  ];
}

function ofHundred(share) {
  return `${Math.round(share * 100)} of 100`;
}

function fact(number, words) {
  return make("p", { class: "fact" }, make("b", {}, number), make("span", {}, ` ${words}`));
}

function describe({ run_id: runId, created_at: createdAt }) {
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(new Date(createdAt));
  return ["Answers come from the run ", make("code", {}, runId), `, trained on ${day}.`];
}

function rowOf({ tag, precision, recall, threshold }) {
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, make("bdi", {}, tag)),
    make("td", {}, percent(precision)),
    make("td", {}, percent(recall)),
    make("td", { class: "extra of-lines" }, percent(threshold)),
  );
}
