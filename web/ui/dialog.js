/** Questions and messages that wait for an answer. What has to be filled in first is `required` in `content`. */

import { element } from './dom.js';
import { say } from './language.js';

/**
 * @import { Pair } from './language.js'
 * @import { Child } from './dom.js'
 */

/**
 * Ask a question; whether the answer is yes. Closing the dialog is no.
 * @param {{ title: Pair, text?: Pair, yes: Pair, no: Pair, danger?: boolean, content?: Child[] }} question
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, yes, no, danger = false, content = [] }) {
  return open(title, text, content, [
    { label: no, value: 'no', kind: 'quiet' },
    { label: yes, value: 'yes', kind: danger ? 'danger' : 'primary' },
  ]).then((value) => value === 'yes');
}

/** Tell something that is to be read. @param {{ title: Pair, text?: Pair, content?: Child[] }} message */
export async function tell({ title, text, content = [] }) {
  await open(title, text, content, [{ label: ['Close', '닫기'], value: '', kind: 'primary' }]);
}

/**
 * @param {Pair} title @param {Pair | undefined} text @param {Child[]} content
 * @param {{ label: Pair, value: string, kind: string }[]} buttons @returns {Promise<string>}
 */
function open(title, text, content, buttons) {
  const form = element(
    'form',
    { method: 'dialog' },
    element('h2', { id: 'dialog-title' }, say(title)),
    text && element('p', { id: 'dialog-text' }, say(text)),
    content,
    element(
      'div',
      { class: 'buttons' },
      buttons.map(({ label, value, kind }) =>
        element('button', { class: kind, value, formnovalidate: value === 'no' }, say(label)),
      ),
    ),
  );
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'dialog-title', 'aria-describedby': text ? 'dialog-text' : null },
    form,
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
