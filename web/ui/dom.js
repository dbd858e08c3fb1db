/** Making elements by DOM calls alone: a page has no HTML in its scripts. */

/** @typedef {Node | string | null | false | undefined} Child */

/**
 * An element with attributes, properties that are functions (listeners, by event name as `onclick`), and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(attribute.slice(2), value);
    else if (value === true) made.setAttribute(attribute, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(attribute, String(value));
  }
  made.append(...present(children));
  return made;
}

/** Put children in the place of what an element has. @param {Element} parent @param {...(Child | Child[])} children */
export function fill(parent, ...children) {
  parent.replaceChildren(...present(children));
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
const present = (children) =>
  /** @type {(Node | string)[]} */ (
    children.flat().filter((child) => child !== null && child !== false && child !== undefined)
  );

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An SVG element.
 * @param {string} name @param {Record<string, string | number>} attributes @param {...Node} children
 */
export function drawing(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  made.append(...children);
  return made;
}
