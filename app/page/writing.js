// Writing into the page: by textContent alone, so that no text can become anything but text.

/** Find a part of page.html by its id. */
export function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page.html has no part ${id}`);
  return found;
}

/** Make an element with attributes, and with strings or elements inside. */
export function make(name, attributes, ...inside) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    element.setAttribute(attribute, value);
  }
  element.append(...inside);
  return element;
}

/** A share of 0 to 1 as a person says it. */
export function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** A score as a person says it: a tagger is never entirely sure. */
export function sureness(score) {
  if (score > 0.99) return "over 99% sure";
  if (score < 0.01) return "under 1% sure";
  return `${percent(score)} sure`;
}

/** The number of code points of a text, without a copy of it. */
export function counted(text) {
  let points = 0;
  for (const _ of text) points += 1;
  return points;
}
