// An answer on the page: its tags with bars and lines, and the text with the words that earned one.

import { highlighted, leading } from "./highlight.js";
import { make, part, percent, replace } from "./writing.js";

const MOST_WORDS = 5;

export class Answer {
  #onMore;
  #about = {};
  #prediction;
  #rows = new Map();
  #chosen;

  constructor({ onMore }) {
    this.#onMore = onMore;
    part("more").addEventListener("click", () => this.#more());
    part("copy").addEventListener("click", () => this.#copy());
    for (const list of ["given", "close"]) this.#listen(part(list));
  }

  /** Show the answer to a text. */
  show(prediction, about) {
    this.#about = about;
    this.#prediction = prediction;
    this.#rows = new Map();
    const { abstained, predicted_tags: given, scores } = prediction;
    part("answer-title").textContent = headline(prediction);
    replace(part("verdict"), verdict(prediction));
    replace(part("given"), abstained ? [] : scores.map((score) => this.#row(score)));
    replace(part("close"), []);
    part("close-title").hidden = true;
    part("legend").hidden = !given.length;
    part("more").hidden = false;
    part("more").textContent = abstained ? "Show its guesses all the same" : "Show what came close";
    part("copy").hidden = !given.length || !navigator.clipboard;
    part("copy").textContent = "Copy";
    part("answer").hidden = false;
    this.#choose(given[0]);
    bringIntoSight(part("answer"));
  }

  /** Add the tags that came close, out of an answer that was asked for whatever their lines. */
  showClose(prediction, { tags }) {
    const lines = new Map(tags.map(({ tag, threshold }) => [tag, threshold]));
    const close = prediction.scores.filter(({ tag }) => !this.#rows.has(tag));
    this.#prediction = { ...prediction, predicted_tags: this.#prediction.predicted_tags };
    replace(
      part("close"),
      close.map(({ tag, score }) => this.#row({ tag, score, threshold: lines.get(tag) })),
    );
    part("close-title").hidden = false;
    part("legend").hidden = false;
    part("more").hidden = true;
    if (close.length) {
      this.#choose(close[0].tag);
      this.#rows.get(close[0].tag).querySelector("input").focus();
    }
  }

  /** The answer in a sentence, for those who hear the page. */
  summary() {
    const told = [...this.#rows].map(([tag, row]) => `${tag}, ${row.dataset.sure}`);
    return [headline(this.#prediction), ...told].join(". ");
  }

  #row({ tag, score, threshold }) {
    const reached = threshold === undefined || score >= threshold;
    const sure = `${percent(score)} sure`;
    const words = leading(this.#wordsOf(tag)).slice(0, MOST_WORDS);
    const fill = make("span", { class: "fill" });
    fill.style.inlineSize = `${score * 100}%`;
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, fill);
    if (threshold !== undefined) {
      const line = make("span", { class: "line" });
      line.style.insetInlineStart = `${threshold * 100}%`;
      bar.append(line);
    }
    const row = make(
      "li",
      { class: reached ? "tag" : "tag below", "data-tag": tag, "data-sure": sure },
      make(
        "label",
        {},
        make("input", { type: "radio", name: "tag", value: tag, class: "unseen" }),
        make("span", { class: "name" }, tag),
        make("span", { class: "sure" }, sure),
        bar,
        make("span", { class: "why quiet" }, ...because(words), ...needed(threshold)),
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
    if (tag !== undefined) this.#rows.get(tag).querySelector("input").checked = true;
    this.#highlight(tag);
  }

  #highlight(tag) {
    const words = tag === undefined ? [] : this.#wordsOf(tag);
    for (const [name, row] of this.#rows) row.classList.toggle("shown", name === tag);
    replace(part("marked"), highlighted(this.#prediction.input_text, words));
    replace(part("caption"), captionOf(tag, leading(words).length, this.#rows.size));
  }

  #wordsOf(tag) {
    const evidence = this.#prediction.evidence ?? [];
    return evidence.find((entry) => entry.tag === tag)?.words ?? [];
  }

  #more() {
    const { runId, item } = this.#about;
    this.#onMore({ runId, item, given: this.#prediction.predicted_tags.length });
  }

  async #copy() {
    await navigator.clipboard.writeText(this.#prediction.predicted_tags.join(", "));
    part("copy").textContent = "Copied";
    part("status").textContent = "Tags copied.";
  }
}

/** Scroll only where the answer begins out of sight, or nearly so. */
function bringIntoSight(section) {
  const { top } = section.getBoundingClientRect();
  if (top < 0 || top > 0.6 * window.innerHeight) section.scrollIntoView({ block: "start" });
}

function headline({ abstained, predicted_tags: { length } }) {
  if (abstained) return "No tags: it would be guessing";
  if (length === 0) return "No tag fits well enough";
  return length === 1 ? "1 tag" : `${length} tags`;
}

function verdict({ abstained, reason, predicted_tags: { length } }) {
  if (abstained) {
    return [
      make("p", {}, reason ?? ""),
      make("p", {}, "So it gives none, rather than guess. It helps to say more, in the words of its field."),
    ];
  }
  if (length === 0) {
    return [make("p", {}, "The tagger knows such texts, but is not sure enough of any tag to give it.")];
  }
  return [];
}

function because(words) {
  if (!words.length) return ["No single word stands out"];
  const names = words.flatMap(({ text, level }) => [", ", make("b", { class: level }, text)]);
  return ["because of ", ...names.slice(1)];
}

function needed(threshold) {
  return threshold === undefined ? [] : [make("span", { class: "unseen" }, `; given from ${percent(threshold)} on`)];
}

function captionOf(tag, words, rows) {
  if (tag === undefined) return ["Nothing is highlighted, because no tag was given."];
  const name = make("b", {}, tag);
  if (!words) return ["No single word stands out for ", name, "."];
  const how = rows > 1 ? " Choose another tag to see its words." : "";
  return ["Highlighted: what earned it ", name, ".", how];
}
