/** Who of the officers did what, and when. */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { localTime } from '../times.js';
import { tableOf } from './table.js';

/** @typedef {{ time: number, officer: string, action: string, warrant: string | null, case: string | null }} Entry */

/** @param {readonly Entry[]} entries @param {number} offset */
export function journalOf(entries, offset) {
  return element(
    'details',
    {},
    element('summary', {}, say([`Journal (${entries.length})`, `업무 기록(${entries.length})`])),
    tableOf(
      ['Journal', '업무 기록'],
      [
        [['Time', '시각'], ({ time }) => localTime(time, offset)],
        [['Officer', '담당자'], ({ officer }) => printable(officer)],
        [['What', '내용'], ({ action }) => printable(action)],
        [
          ['About', '대상'],
          ({ warrant, case: name }) =>
            [name && printable(name), warrant?.slice(0, 8)].filter(Boolean).join(' · ') || '–',
        ],
      ],
      entries,
      ['Nothing yet.', '아직 없습니다.'],
    ),
  );
}
