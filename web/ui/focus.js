/** Where the focus is, when everything around it is drawn anew: whoever works by keyboard stays where they were. */

const FOCUSABLE = /** @type {'button'} */ ('h1, h2, button:enabled, summary, input, select');

/** What tells an element from others: in a table, with its whole row. @param {Element} one */
const nameOf = (one) =>
  [one.localName, one.getAttribute('name'), one.textContent, one.closest('tr')?.textContent].join('|');

/**
 * Note what has the focus within a place. What it gives is called when the place is drawn anew: the same has it again,
 * or else the title.
 * @param {Element} place @returns {() => void}
 */
export function holdFocus(place) {
  const { activeElement } = document;
  if (!activeElement || !place.contains(activeElement)) return () => {};
  const focused = nameOf(activeElement);
  return () => {
    /** @type {HTMLElement[]} */
    const all = [...place.querySelectorAll(FOCUSABLE)];
    (all.find((one) => nameOf(one) === focused) ?? all[0]).focus({ preventScroll: true });
  };
}
