/** Who has decided how, and who has not yet. */

/** @import { OfficerSet } from '../records.js' */
/** @import { GivenVote, Matter } from '../payloads.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { localTime } from '../times.js';

/** How many approvals there are of those that are needed. @param {Matter} matter */
export const countOf = ({ approvals, needed }) =>
  needed === 0
    ? say(['No approval is needed', '승인이 필요하지 않습니다'])
    : say([`${approvals} of ${needed} approvals`, `승인 ${needed}건 중 ${approvals}건`]);

/** The officers whose vote is missing. @param {Matter} matter @param {OfficerSet} set */
export function missing({ votes }, { officers }) {
  const voted = new Set(votes.filter(({ counts }) => counts).map(({ officer }) => officer));
  return officers.map(({ name }) => name).filter((name) => !voted.has(name));
}

/** All votes on a matter. @param {Matter} matter @param {OfficerSet} set @param {number} offset */
export function votesOf(matter, set, offset) {
  const rest = missing(matter, set);
  return element(
    'section',
    { class: 'card stack' },
    element('h2', {}, countOf(matter)),
    matter.needed > 0 &&
      element('progress', { max: matter.needed, value: matter.approvals, 'aria-label': countOf(matter) }),
    element(
      'ul',
      { class: 'votes' },
      matter.votes.map((vote) => voteLine(vote, offset)),
      matter.state === 'waiting' &&
        rest.map((name) =>
          element('li', { class: 'soft' }, mark('…'), say([`${printable(name)}: not yet`, `${printable(name)}: 아직`])),
        ),
    ),
  );
}

/** @param {GivenVote} vote @param {number} offset */
function voteLine({ officer, decision, reason, time, counts }, offset) {
  const name = printable(officer);
  const at = localTime(time, offset);
  const words = say(
    decision === 'approve'
      ? [`${name} approved, ${at}`, `${name} 승인, ${at}`]
      : [`${name} refused, ${at}: ${printable(reason)}`, `${name} 거절, ${at}: ${printable(reason)}`],
  );
  return element(
    'li',
    { class: counts ? null : 'soft' },
    mark(decision === 'approve' ? '✓' : '✕'),
    words,
    !counts && element('span', { class: 'small' }, say([' (under an earlier set)', ' (이전 명단)'])),
  );
}

/** @param {string} sign */
const mark = (sign) => element('span', { class: 'mark', 'aria-hidden': 'true' }, sign);
