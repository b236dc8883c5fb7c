// An answer on the page: its tags with bars and lines, and the text with the words that speak for
// one of them.

import { highlighted, leading } from "./highlight.js";
import { make, part, percent, sureness } from "./writing.js";

const MOST_WORDS = 5;
const NO_OTHERS = "There are no other tags.";

export class Answer {
  #onMore;
  #prediction;
  #about;
  #evidence = new Map();
  #rows = new Map();
  #chosen;

  /** `onMore` is called when a person asks for the tags that came close. */
  constructor({ onMore }) {
    this.#onMore = onMore;
    part("more").addEventListener("click", () => this.#more());
    part("copy").addEventListener("click", () => this.#copy());
    for (const list of [part("given"), part("close")]) this.#listen(list);
  }

  /** Show the answer to a text, and return it as a sentence for those who hear the page. */
  show(prediction, { runId, item, task }) {
    this.#prediction = prediction;
    this.#about = { runId, item, task };
    this.#rows.clear();
    this.#learn(prediction);
    const { abstained, predicted_tags: given, scores } = prediction;
    part("answer-title").textContent = headline(prediction);
    part("verdict").replaceChildren(...verdict(prediction).map((words) => make("p", {}, words)));
    part("given").replaceChildren(...(abstained ? [] : scores.map((score) => this.#row(score))));
    part("close").replaceChildren();
    part("close-title").hidden = true;
    part("legend").hidden = !given.length;
    part("more").hidden = false;
    part("more").textContent = abstained ? "Show its guesses all the same" : "Show what came close";
    part("copy").hidden = !given.length || !navigator.clipboard;
    part("copy").textContent = "Copy";
    part("answer").hidden = false;
    this.#choose(given[0]);
    bringIntoSight(part("answer"));
    return [headline(prediction), ...verdict(prediction), ...spoken(scores)].join(" ");
  }

  /** Add the tags that came close, out of an answer that was asked for whatever their lines. */
  showClose(prediction, tags) {
    const lines = new Map(tags.map(({ tag, threshold }) => [tag, threshold]));
    const close = prediction.scores
      .filter(({ tag }) => !this.#rows.has(tag))
      .map(({ tag, score }) => ({ tag, score, threshold: lines.get(tag) }));
    this.#learn(prediction);
    part("close").replaceChildren(...close.map((score) => this.#row(score, { given: false })));
    part("close-title").textContent = close.length ? "Not given" : NO_OTHERS;
    part("close-title").hidden = false;
    part("legend").hidden = false;
    part("more").hidden = true;
    if (close.length) this.#choose(close[0].tag);
    this.#inputOf(this.#chosen).focus(); // the button that had it is gone
    return close.length ? ["Not given:", ...spoken(close)].join(" ") : NO_OTHERS;
  }

  #learn({ evidence = [] }) {
    this.#evidence = new Map(evidence.map(({ tag, words }) => [tag, words]));
  }

  #row({ tag, score, threshold }, { given = true } = {}) {
    const line = this.#about.task === "single" ? undefined : threshold;
    const row = make(
      "li",
      { class: given ? "tag" : "tag below", "data-tag": tag },
      make(
        "label",
        {},
        make("input", { type: "radio", name: "tag", value: tag, class: "unseen" }),
        make("span", { class: "name", dir: "auto" }, tag),
        make("span", { class: "sure" }, sureness(score)),
        bar(score, line),
        make("span", { class: "why quiet" }, ...because(this.#wordsOf(tag), given)),
        make("span", { class: "unseen" }, line === undefined ? "" : `; its line is at ${percent(line)}`),
      ),
    );
    this.#rows.set(tag, row);
    return row;
  }

  /** A tag pointed at is shown while it is; one chosen by key, click or tap stays. */
  #listen(list) {
    list.addEventListener("change", (event) => this.#choose(event.target.value));
    list.addEventListener("pointerover", (event) => {
      const row = event.target.closest("li");
      if (row && event.pointerType === "mouse") this.#highlight(row.dataset.tag);
    });
    list.addEventListener("pointerleave", () => this.#highlight(this.#chosen));
  }

  #choose(tag) {
    this.#chosen = tag;
    if (tag !== undefined) this.#inputOf(tag).checked = true;
    this.#highlight(tag);
    scrollToFirst(part("marked"), "mark.strong");
  }

  #highlight(tag) {
    const words = tag === undefined ? [] : this.#wordsOf(tag);
    for (const [name, row] of this.#rows) row.classList.toggle("shown", name === tag);
    part("marked").replaceChildren(...highlighted(this.#prediction.input_text, words));
    part("caption").replaceChildren(...caption(tag, words, this.#rows.size));
  }

  #inputOf(tag) {
    return this.#rows.get(tag).querySelector("input");
  }

  #wordsOf(tag) {
    return leading(this.#evidence.get(tag) ?? []);
  }

  #more() {
    const { runId, item } = this.#about;
    this.#onMore({ runId, item, given: this.#prediction.predicted_tags.length });
  }

  async #copy() {
    const copied = await copy(this.#prediction.predicted_tags.join(", "));
    part("copy").textContent = copied ? "Copied" : "Not copied";
    part("status").textContent = copied ? "Tags copied." : "The browser did not let the tags be copied.";
  }
}

/** Copy a text, and tell whether the browser let it be. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (fault) {
    if (fault instanceof DOMException) return false;
    throw fault;
  }
}

function headline({ abstained, predicted_tags: { length } }) {
  if (abstained) return "No tags: it would be guessing.";
  if (length === 0) return "No tag fits well enough.";
  return length === 1 ? "1 tag" : `${length} tags`;
}

function verdict({ abstained, reason, predicted_tags: { length } }) {
  if (abstained) {
    return [
      reason ?? "The text is unlike everything that the tagger was trained on.",
      "So it gives none. It helps to say more, in the words of its field.",
    ];
  }
  if (length) return [];
  return ["The tagger knows such words, but is not sure enough of any tag to give it."];
}

function spoken(scores) {
  return scores.map(({ tag, score }) => `${tag}, ${sureness(score)}.`);
}

function bar(score, line) {
  const fill = make("span", { class: "fill" });
  fill.style.inlineSize = `${score * 100}%`;
  const found = make("span", { class: "bar", "aria-hidden": "true" }, fill);
  if (line !== undefined) {
    const mark = make("span", { class: "line" });
    mark.style.insetInlineStart = `${line * 100}%`;
    found.append(mark);
  }
  return found;
}

function because(words, given) {
  if (!words.length) return ["no single word stands out"];
  const names = words
    .slice(0, MOST_WORDS)
    .flatMap(({ text, level }) => [", ", make("b", { class: level, dir: "auto" }, text)]);
  return [given ? "because of " : "for it: ", ...names.slice(1)];
}

function caption(tag, words, rows) {
  if (tag === undefined) return ["Nothing is highlighted, because no tag was given."];
  const name = make("b", { dir: "auto" }, tag);
  if (!words.length) return ["No single word stands out for ", name, "."];
  const hint = make("span", { class: "hint" }, rows > 1 ? " Choose another tag to see its words." : "");
  return ["Highlighted: what speaks for ", name, ".", hint];
}

/** Scroll only where the answer begins out of sight, or nearly so. */
function bringIntoSight(section) {
  const { top } = section.getBoundingClientRect();
  if (top < 0 || top > 0.6 * window.innerHeight) section.scrollIntoView({ block: "start" });
}

/** Bring the first such place of a long text into the middle of the box that holds it. */
function scrollToFirst(box, selector) {
  const place = box.querySelector(selector);
  box.scrollTop = place ? place.offsetTop - box.clientHeight / 2 : 0;
}
