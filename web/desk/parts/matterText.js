/** What officers decide on, in words: in a line for lists, and whole, read from the bytes that are signed. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Action as Actions, OfficerSet } from '../records.js' */
/** @import { Desk } from '../desk.js' */
/** @import { Matter, Payload } from '../payloads.js' */

import { bytesToHex } from '@noble/hashes/utils.js';
import { Action, fingerprintOf } from '../records.js';
import { epochBegins } from '../../protocol/epochs.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { localTime, several, windowTime } from '../times.js';
import { listOf } from './table.js';
import { code, readOut, warrantFacts } from './warrantText.js';

const KEY_BYTES = 10;

/** What is decided on. @type {Record<Actions, Pair>} */
export const ACTION_WORDS = {
  [Action.OFFICERS]: ['Change of officers', '담당자 변경'],
  [Action.WARRANT]: ['Warrant', '승인서'],
  [Action.NOTICE]: ['Notice', '알림'],
  [Action.VENUE]: ['Venue', '시설'],
  [Action.ERASE]: ['Erasure', '삭제'],
};

/** A matter in a line. @param {Desk} desk @param {Matter} matter */
export function titleOf({ offset, domain }, { kind, title, payload }) {
  switch (kind) {
    case 'warrant': {
      const name = `${printable(title.venue_name)}, ${windowTime(title.begins, title.ends, offset)}`;
      return title.purpose === 'notice'
        ? say([`Warn: ${name}`, `알림: ${name}`])
        : say([`Open: ${name}`, `열람: ${name}`]);
    }
    case 'notice':
      return say([
        `Publish a notice under ${several(title.warrants.length, 'warrant')}`,
        `승인서 ${title.warrants.length}건으로 알림 공개`,
      ]);
    case 'venue':
      return title.replaces
        ? say([`New key of ${printable(title.name)}`, `${printable(title.name)}의 새 키`])
        : say([`New venue: ${printable(title.name)}`, `새 시설: ${printable(title.name)}`]);
    case 'erase': {
      const day = localTime(epochBegins(domain, title.epoch), offset).slice(0, 10);
      return say([`Erase our share of ${day}`, `${day}의 키 조각 삭제`]);
    }
    default:
      return payload && say([`Officers, version ${title.version}`, `담당자 명단 ${title.version}판`]);
  }
}

/**
 * Everything that a payload says. `read`: as sentences to be read back.
 * @param {Desk} desk @param {Matter} matter @param {Payload} payload @param {{ read?: boolean }} [how]
 * @returns {(HTMLElement | false)[]}
 */
export function wholeText(desk, { title }, payload, { read = false } = {}) {
  const { offset, domain } = desk;
  switch (payload.kind) {
    case 'warrant':
      return [(read ? readOut : warrantFacts)(payload.warrant, title.venue_name, offset)];
    case 'notice':
      return payload.warrants.map((warrant, place) =>
        (read ? readOut : warrantFacts)(warrant, title.warrants[place]?.venue_name ?? '', offset),
      );
    case 'venue': {
      const { name, url, key, venueId } = payload.venue;
      return [
        listOf([
          [['Name', '이름'], printable(name)],
          [['Server', '서버'], url || say(['none', '없음'])],
          [
            ['Key, as the venue tells it', '키(시설이 알려 준 것과 비교)'],
            code(bytesToHex(key.toBytes().slice(0, KEY_BYTES))),
          ],
          title.replaces && [['Instead of the key', '바뀌는 키'], code(title.replaces)],
          [['Venue', '시설 번호'], code(bytesToHex(venueId))],
        ]),
        title.agreed === false &&
          element(
            'p',
            { class: 'note' },
            say([
              'The present key did NOT sign this change: either the venue has lost it, or a stranger asks. Reach the ' +
                'venue in a way that you trust.',
              '현재 키로 서명하지 않은 변경입니다. 시설이 키를 잃어버렸거나 다른 사람의 요청입니다. 믿을 수 있는 방법으로 시설에 직접 확인해 주세요.',
            ]),
          ),
      ];
    }
    case 'erase': {
      const day = localTime(epochBegins(domain, payload.epoch), offset).slice(0, 10);
      return [
        element(
          'p',
          {},
          say([
            `Our share of the key of ${day} is destroyed. Check-ins of that day can then never be opened, by anybody.`,
            `${day}의 키 조각을 폐기합니다. 그 뒤에는 누구도 그날의 기록을 열 수 없습니다.`,
          ]),
        ),
      ];
    }
    default:
      return [officersFacts(payload.set)];
  }
}

/** A set of officers. @param {OfficerSet} set */
export function officersFacts({ version, origin, officers, thresholds }) {
  return listOf([
    [['Version', '판'], String(version)],
    [['Address of the desk', '업무 주소'], element('code', {}, printable(origin))],
    ...officers.map(
      ({ name, passkeys }) =>
        /** @type {const} */ ([
          ['Officer', '담당자'],
          [
            element('span', {}, printable(name)),
            ...passkeys.map((passkey) => code(bytesToHex(fingerprintOf(passkey)))),
          ],
        ]),
    ),
    ...thresholds.map(
      ({ action, approvals }) =>
        /** @type {const} */ ([
          [`Approvals: ${ACTION_WORDS[action][0]}`, `승인 수: ${ACTION_WORDS[action][1]}`],
          say([several(approvals, 'officer'), `${approvals}명`]),
        ]),
    ),
  ]);
}
