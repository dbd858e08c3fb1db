/** What an answer looks like: told apart by shape and word, also by whoever does not see colours or hear. */

/** @import { Pair } from '../ui/language.js' */
/** @import { Answer } from './door.js' */

import { drawing, element } from '../ui/dom.js';
import { isKorean } from '../ui/language.js';

/** @type {Record<Answer['kind'], { word: Pair, path: string }>} */
const SIGNS = {
  enter: { word: ['Enter', '입장'], path: 'M18 52 40 74 82 28' },
  exit: { word: ['Exit', '퇴장'], path: 'M14 50H84M56 22 84 50 56 78' },
  no: { word: ['No entry', '입장 불가'], path: 'M24 24 76 76M76 24 24 76' },
  undecided: {
    word: ['Cannot decide, do not admit', '확인할 수 없음, 입장 보류'],
    path: 'M33 36C33 14 67 14 67 36 67 51 50 50 50 64M50 80V80.5',
  },
};

/** The word of a kind of answer. @param {Answer['kind']} kind @returns {Pair} */
export const wordOf = (kind) => SIGNS[kind].word;

/** A shape of a kind of answer. @param {Answer['kind']} kind */
export const shapeOf = (kind) =>
  drawing(
    'svg',
    { viewBox: '0 0 100 100', 'aria-hidden': 'true', class: 'shape' },
    drawing('path', { d: SIGNS[kind].path, fill: 'none', stroke: 'currentColor' }),
  );

/** An answer that fills the screen, in both languages: staff and visitors see it. @param {Answer} answer */
export function signOf({ kind, reason }) {
  const { word } = SIGNS[kind];
  return element(
    'div',
    { class: `sign ${kind}` },
    shapeOf(kind),
    element('p', { class: 'word' }, ...both(word)),
    reason && element('p', { class: 'reason' }, ...both(reason)),
  );
}

/** @param {Pair} pair */
function both([english, korean]) {
  const inEnglish = element('span', { lang: 'en' }, english);
  const inKorean = element('span', { lang: 'ko' }, korean);
  return isKorean() ? [inKorean, ' ', inEnglish] : [inEnglish, ' ', inKorean];
}
