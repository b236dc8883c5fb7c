// Writing into the page: by textContent alone, so that no text can become anything but text.

/** Find a part of page.html by its id. */
export function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page.html has no part ${id}`);
  return found;
}

/** Make an element with attributes, and with strings or elements inside. */
export function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(attribute, value);
  }
  element.append(...inside);
  return element;
}

/** Put others in the place of all that an element holds. */
export function replace(element, inside) {
  element.replaceChildren(...inside);
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
  let pairs = 0;
  for (let i = 0; i < text.length - 1; i += 1) {
    if (isHigh(text.charCodeAt(i)) && isLow(text.charCodeAt(i + 1))) {
      pairs += 1;
      i += 1;
    }
  }
  return text.length - pairs;
}

function isHigh(unit) {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit) {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
