/** Handing the officer a file. */

import { element } from '../../ui/dom.js';

/** Have the browser save a file; nothing of it stays in the page. @param {Blob} content @param {string} name */
export function save(content, name) {
  const address = URL.createObjectURL(content);
  element('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
