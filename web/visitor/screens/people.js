/** How many come in together. */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';

const MAX_PEOPLE = 10;

/**
 * A counter of people, from one up to how many passes are left. It calls `changed` with each new number.
 * @param {number} passes @param {number} people @param {(people: number) => void} changed
 */
export function peopleCounter(passes, people, changed) {
  const most = Math.min(passes, MAX_PEOPLE);
  let count = people;
  const set = (/** @type {number} */ number) => {
    count = Math.max(1, Math.min(most, number));
    shown.textContent = counted(count);
    [fewer.disabled, more.disabled] = [count <= 1, count >= most];
    changed(count);
  };
  const step = (/** @type {readonly [string, string]} */ words, /** @type {string} */ sign, /** @type {number} */ by) =>
    element(
      'button',
      { type: 'button', class: 'step', 'aria-label': say(words), onclick: () => set(count + by) },
      sign,
    );
  const shown = element('output', { 'aria-live': 'polite' });
  const fewer = step(['One person fewer', '한 명 줄이기'], '−', -1);
  const more = step(['One person more', '한 명 늘리기'], '+', 1);
  set(people);
  const label = say(['How many come in together', '함께 입장하는 사람 수']);
  return element('div', { class: 'people', role: 'group', 'aria-label': label }, fewer, shown, more);
}

/** @param {number} people */
const counted = (people) => say([people === 1 ? '1 person' : `${people} people`, `${people}명`]);
