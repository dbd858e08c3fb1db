/** Times as the domain's clocks show them. Times are Unix seconds; `offset` is how many seconds the domain is ahead. */

import { isKorean } from '../ui/language.js';

/** `2027-05-02 18:00`. @param {number} time @param {number} offset */
export const localTime = (time, offset) => written(time, offset).replace('T', ' ');

/** `18:00`. @param {number} time @param {number} offset */
export const localHour = (time, offset) => written(time, offset).slice(11);

/** `05-02 18:00`. @param {number} time @param {number} offset */
export const shortTime = (time, offset) => localTime(time, offset).slice(5);

/** As a field of the kind `datetime-local` has it. @param {number} time @param {number} offset */
export const written = (time, offset) => new Date((time + offset) * 1000).toISOString().slice(0, 16);

/** The time in such a field; NaN if there is none. @param {string} text @param {number} offset */
export const readTime = (text, offset) => Date.parse(`${text}Z`) / 1000 - offset;

/**
 * `2027-05-02 18:00 – 21:00`, with the second day if it is another.
 * @param {number} begins @param {number} ends @param {number} offset
 */
export function windowTime(begins, ends, offset) {
  const [from, until] = [localTime(begins, offset), localTime(ends, offset)];
  return `${from} – ${until.startsWith(from.slice(0, 10)) ? until.slice(11) : until.slice(5)}`;
}

/** With the day of the week, as it is read aloud. @param {number} time @param {number} offset */
export function spokenTime(time, offset) {
  const day = new Intl.DateTimeFormat(isKorean() ? 'ko' : 'en-GB', { timeZone: 'UTC', dateStyle: 'full' });
  return `${day.format((time + offset) * 1000)}, ${localHour(time, offset)}`;
}

/** So many of something, in English. @param {number} count @param {string} one its name, for one of it */
export const several = (count, one) => `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;

/** A whole number with its thousands apart. @param {number} count */
export const counted = (count) => count.toLocaleString(isKorean() ? 'ko' : 'en');
