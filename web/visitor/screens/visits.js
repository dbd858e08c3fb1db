/** The visitor's own visits, which are kept on this device alone. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Visit } from '../walletContents.js' */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { NoVisit } from '../errors.js';
import { ScreenElement } from '../screen.js';
import { RETENTION_DAYS, groupsOf, whoCanLeave } from '../wallet.js';
import { answerInWords, errorInWords } from '../words.js';
import { leave } from './leaving.js';

customElements.define(
  'visitor-visits',
  class extends ScreenElement {
    /** @type {Pair | null} */
    #error = null;

    async draw() {
      this.className = 'stack';
      const groups = groupsOf(await this.visitor.wallet()).reverse();
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['My visits', '내 방문 기록'])),
        element(
          'p',
          { class: 'soft' },
          say([
            `Kept on this device alone, for ${RETENTION_DAYS} days. A code is listed whether or not a door read it.`,
            `이 기기에만 ${RETENTION_DAYS}일 동안 보관합니다. 출입문이 읽었는지와 관계없이 보여 준 코드가 모두 나옵니다.`,
          ]),
        ),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        groups.length === 0 && element('p', { class: 'card' }, say(['No visits yet.', '아직 방문 기록이 없습니다.'])),
        groups.length > 0 &&
          element(
            'ul',
            { class: 'visits' },
            groups.map((group) => this.#line(group)),
          ),
        element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
      );
    }

    /** @param {Visit[]} group */
    #line(group) {
      const [{ entered, venue }] = group;
      const people = group.length > 1 && say([`${group.length} people`, `${group.length}명`]);
      const left = group.map((visit) => visit.left).filter((time) => time !== null);
      return element(
        'li',
        { class: 'card' },
        element(
          'div',
          {},
          element('p', { class: 'place' }, venue ? printable(venue.name) : say(['Code shown', 'QR 코드 표시'])),
          element('p', { class: 'soft' }, [this.visitor.localTime(entered), people].filter(Boolean).join(' · ')),
          venue && element('p', { class: 'soft' }, counted(group.map(({ answer }) => say(answerInWords(answer))))),
          left.length > 0 && element('p', { class: 'soft' }, say(this.#leftInWords(left, group))),
        ),
        canLeave(group) && element('button', { onclick: () => this.#leave(group) }, say(['Check out', '퇴장'])),
      );
    }

    /** @param {number[]} left @param {Visit[]} group @returns {Pair} */
    #leftInWords(left, group) {
      const moment = this.visitor.localTime(Math.max(...left)).slice(11);
      return group[0].venue
        ? [`Left ${moment}`, `${moment} 퇴장`]
        : [`Exit code shown ${moment}`, `${moment} 퇴장 QR 코드 표시`];
    }

    /** @param {Visit[]} group */
    async #leave(group) {
      this.#error = null;
      try {
        await leave(this.visitor, whoCanLeave(group));
      } catch (error) {
        this.#error = errorInWords(error);
      }
      if (this.isConnected) await this.redraw();
    }
  },
);

/** @param {Visit[]} group */
function canLeave(group) {
  try {
    return whoCanLeave(group).length > 0;
  } catch (error) {
    if (error instanceof NoVisit) return false;
    throw error;
  }
}

/** What all have in common, or each with how often it occurs. @param {string[]} words */
function counted(words) {
  const once = [...new Set(words)];
  return once.length === 1
    ? once[0]
    : once.map((word) => `${words.filter((one) => one === word).length} × ${word}`).join(', ');
}
