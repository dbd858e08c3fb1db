/** A warrant in plain words: everything that it says, as the officer who signs it reads it. */

/** @import { Warrant } from '../../protocol/warrants.js' */

import { bytesToHex } from '@noble/hashes/utils.js';
import { Purpose } from '../../protocol/warrants.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { counted, localTime, several, spokenTime, windowTime } from '../times.js';
import { listOf } from './table.js';

/** A span of time in words. @param {number} seconds */
export function lasting(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = [
    hours > 0 && say([`${hours} h`, `${hours}시간`]),
    (minutes > 0 || hours === 0) && say([`${minutes} min`, `${minutes}분`]),
  ];
  return parts.filter(Boolean).join(' ');
}

/** @param {Warrant} warrant */
export const purposeOf = ({ purpose }) =>
  purpose === Purpose.NOTICE
    ? say(['Warning, nobody is identified', '알림(신원 확인 없음)'])
    : say(['Opening, visitors are identified', '열람(방문자 신원 확인)']);

/**
 * Sentences to be read back before it is signed.
 * @param {Warrant} warrant @param {string} venue the venue's name @param {number} offset
 */
export function readOut(warrant, venue, offset) {
  const at = (/** @type {number} */ time) => spokenTime(time, offset);
  const name = printable(venue);
  const [begins, ends] = [at(warrant.begins), at(warrant.ends)];
  const isNotice = warrant.purpose === Purpose.NOTICE;
  /** @type {([string, string] | false)[]} */
  const sentences = [
    isNotice
      ? [
          `Everyone who was at ${name} from ${begins} until ${ends} is warned. Nobody is identified.`,
          `${begins}부터 ${ends}까지 ‘${name}’에 있었던 모든 사람에게 알립니다. 누구의 신원도 확인하지 않습니다.`,
        ]
      : [
          `Everyone who was at ${name} from ${begins} until ${ends} may be identified.`,
          `${begins}부터 ${ends}까지 ‘${name}’에 있었던 모든 사람의 신원을 확인할 수 있습니다.`,
        ],
    [
      `A visit without an exit counts ${lasting(warrant.assumedStay)} after its entry.`,
      `퇴장 기록이 없는 방문은 입장 후 ${lasting(warrant.assumedStay)} 동안 머문 것으로 봅니다.`,
    ],
    [
      `At most ${several(warrant.maxRecords, 'record')} may be opened in all.`,
      `모두 합해 최대 ${counted(warrant.maxRecords)}건을 열 수 있습니다.`,
    ],
    isNotice && [`They are told: “${printable(warrant.advice)}”`, `이렇게 안내합니다: “${printable(warrant.advice)}”`],
    [
      `It rests on: “${printable(warrant.legalReference)}”. This is published word for word.`,
      `근거: “${printable(warrant.legalReference)}”. 이 문구는 그대로 공개됩니다.`,
    ],
    [`It is valid until ${at(warrant.expires)}.`, `${at(warrant.expires)}까지 유효합니다.`],
    [
      `On ${at(warrant.discloses)} both parties publish what was used, and visitors learn of it.`,
      `${at(warrant.discloses)}에 두 기관이 사용 내역을 공개하며, 방문자가 알게 됩니다.`,
    ],
  ];
  return element(
    'ol',
    { class: 'read-out' },
    sentences.flatMap((sentence) => (sentence ? [element('li', {}, say(sentence))] : [])),
  );
}

/**
 * Everything that a warrant says, as a list.
 * @param {Warrant} warrant @param {string} venue @param {number} offset
 */
export function warrantFacts(warrant, venue, offset) {
  const at = (/** @type {number} */ time) => localTime(time, offset);
  return listOf([
    [['Purpose', '목적'], purposeOf(warrant)],
    [
      ['Venue', '시설'],
      [printable(venue), code(bytesToHex(warrant.venueId))],
    ],
    [
      ['Window', '시간대'],
      `${windowTime(warrant.begins, warrant.ends, offset)} (${lasting(warrant.ends - warrant.begins)})`,
    ],
    [['Visit without an exit', '퇴장 기록 없는 방문'], lasting(warrant.assumedStay)],
    [['At most', '최대'], say([several(warrant.maxRecords, 'record'), `${counted(warrant.maxRecords)}건`])],
    [['Legal reference', '법적 근거'], printable(warrant.legalReference)],
    warrant.advice !== '' && [['Advice', '안내 내용'], printable(warrant.advice)],
    [['Issued', '작성'], at(warrant.issued)],
    [['Valid until', '유효 기한'], at(warrant.expires)],
    [['Published on', '공개일'], at(warrant.discloses)],
    [['Warrant', '승인서 번호'], code(bytesToHex(warrant.warrantId))],
  ]);
}

/** An id or a fingerprint, in groups that people compare. @param {string} hexadecimal */
export const code = (hexadecimal) =>
  element('code', { translate: 'no' }, hexadecimal.match(/.{1,4}/gu)?.join(' ') ?? '');
