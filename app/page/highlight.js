// Which places of a text earned it a tag. The server tells them in code points, one for each
// character however many UTF-16 units it takes; JavaScript's own indices would go astray at the
// first emoji.

import { make } from "./writing.js";

/** Share of the strongest word's contribution from which on a place is marked, and how. */
const LEVELS = [
  [0.5, "strong"],
  [0.2, "medium"],
  [0.08, "faint"],
];

/** The words that count, strongest first, each with its level. */
export function leading(words) {
  const strongest = Math.max(0, ...words.map((word) => word.contribution));
  return words
    .map((word) => ({ ...word, level: levelOf(word.contribution, strongest) }))
    .filter((word) => word.level);
}

/** A text as nodes, with every place of its leading words marked. */
export function highlighted(text, words) {
  const characters = Array.from(text);
  const sums = contributionOfEach(characters.length, words);
  const strongest = sums.reduce((most, sum) => Math.max(most, sum), 0);
  const nodes = [];
  let start = 0;
  for (let end = 1; end <= characters.length; end += 1) {
    if (end < characters.length && sums[end] === sums[start]) continue;
    const run = characters.slice(start, end).join("");
    const level = levelOf(sums[start], strongest) ?? "faint";
    nodes.push(sums[start] ? make("mark", { class: level }, run) : document.createTextNode(run));
    start = end;
  }
  return nodes;
}

/** What covers each code point, summed: a word may stand within a pair of words. */
function contributionOfEach(length, words) {
  const sums = new Float64Array(length);
  for (const { contribution, spans } of words) {
    for (const [start, end] of spans) {
      for (let place = start; place < end; place += 1) sums[place] += contribution;
    }
  }
  return sums;
}

function levelOf(contribution, strongest) {
  if (contribution <= 0) return undefined;
  const share = contribution / strongest;
  return LEVELS.find(([least]) => share >= least)?.[1];
}
