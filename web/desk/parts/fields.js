/** Fields of forms, each with its label. */

/** @import { Pair } from '../../ui/language.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { readTime, written } from '../times.js';

/** @param {string} name @param {Pair} words @param {Record<string, string | number | boolean>} [attributes] */
export function textField(name, words, attributes = {}) {
  const input = element('input', { name, required: true, autocomplete: 'off', ...attributes });
  return { input, label: element('label', {}, say(words), input) };
}

/** @param {string} name @param {Pair} words @param {number} value @param {number} least @param {number} most */
export function numberField(name, words, value, least, most) {
  return textField(name, words, { type: 'number', inputmode: 'numeric', min: least, max: most, value });
}

/**
 * A moment of the domain; `time` reads it.
 * @param {string} name @param {Pair} words @param {number} value Unix seconds @param {number} offset
 */
export function timeField(name, words, value, offset) {
  const { input, label } = textField(name, words, { type: 'datetime-local', value: written(value, offset) });
  return {
    input,
    label,
    time: () => readTime(input.value, offset),
    /** @param {number} time */
    set: (time) => {
      input.value = written(time, offset);
    },
  };
}

/**
 * One of several.
 * @param {string} name @param {Pair} words @param {readonly (readonly [value: string, text: string])[]} options
 */
export function choice(name, words, options) {
  const input = element(
    'select',
    { name },
    options.map(([value, text]) => element('option', { value }, text)),
  );
  return { input, label: element('label', {}, say(words), input) };
}

/** @param {string} name @param {Pair} words @param {boolean} [checked] */
export function checkBox(name, words, checked = false) {
  const input = element('input', { type: 'checkbox', name, checked });
  return { input, label: element('label', { class: 'check' }, input, say(words)) };
}
