/** Names and telephone numbers as people type them. Spec: §4.2, §5.3. */

import { WordedError } from './problems.js';

/** The country code of numbers that are typed without one. */
const COUNTRY = '82';
const MAX_NAME_BYTES = 128;

/** Apostrophes, hyphens and dots that keyboards and other programs write, by the plain one. */
const PLAIN = /** @type {const} */ ([
  [/[\u2018\u2019\u201b\u2032\u00b4`\uff07]/gu, "'"],
  [/[\u2010-\u2014\u2212\ufe63\uff0d]/gu, '-'],
  [/[\u2022\u2027\u2219\u22c5\u30fb\uff65]/gu, '·'],
  [/\uff0e/gu, '.'],
]);
/** Hangul fillers, which are letters that nobody sees. */
const FILLERS = /[\u115f\u1160\u3164\uffa0]/gu;
/** What nobody sees and programs put around what is copied from them; joiners between letters are seen. */
const UNSEEN = /(?![\u200c\u200d])\p{Cf}/gu;
const LONE_JOINERS = /(?<![\p{L}\p{M}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{M}])/gu;
const FIT = /[\p{L}\p{N}\p{M} \-'.·]|(?<=[\p{L}\p{M}])[\u200c\u200d](?=[\p{L}\p{M}])/gu;

/**
 * A phone number in E.164 form, without the spaces, hyphens and brackets people write. The operator knows which numbers
 * there are.
 * @param {string} text @returns {string} @throws {WordedError}
 */
export function internationalNumber(text) {
  const typed = text.normalize('NFKC').replace(/[\s\-().·/]/gu, '');
  const digits = typed.startsWith('+')
    ? typed.slice(1)
    : typed.startsWith('00')
      ? typed.slice(2)
      : COUNTRY + typed.replace(/^0/u, '');
  const national = digits.replace(new RegExp(`^${COUNTRY}0`, 'u'), COUNTRY); // as in +82 (0)10
  if (/^[1-9][0-9]{6,14}$/u.test(national)) return `+${national}`;
  throw new WordedError([
    'This is no telephone number; with its country code it is one like +82 10-1234-5678.',
    '전화번호를 확인해 주세요. 예: 010-1234-5678, +82 10-1234-5678',
  ]);
}

/**
 * A name as the operator takes it.
 * @param {string} text @returns {string} @throws {WordedError} before anything costs a message
 */
export function checkedName(text) {
  const plain = PLAIN.reduce((name, [other, one]) => name.replace(other, one), text);
  const seen = plain.replace(FILLERS, ' ').replace(UNSEEN, '').replace(LONE_JOINERS, '');
  const name = seen.trim().split(/\s+/u).join(' ').normalize('NFC');
  const unfit = [...new Set(name.replace(FIT, ''))].map((one) =>
    /[\p{C}\p{Z}]/u.test(one) ? `U+${one.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}` : one,
  );
  if (unfit.length > 0) {
    throw new WordedError([
      `A name has letters, digits, spaces and - ' . · alone; leave out ${unfit.join(' ')}`,
      `이름에 쓸 수 없는 글자가 있습니다: ${unfit.join(' ')}`,
    ]);
  }
  if (/[\p{L}\p{N}]/u.test(name) && new TextEncoder().encode(name).length <= MAX_NAME_BYTES) return name;
  throw new WordedError(['Type your name; it has at most 128 bytes.', '이름이 비어 있거나 너무 깁니다.']);
}
