/** What officers are to decide on: what waits for this one first. */

/** @import { OfficerSet } from '../records.js' */
/** @import { Matter } from '../payloads.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { titleOf } from '../parts/matterText.js';
import { tableOf } from '../parts/table.js';
import { countOf, missing } from '../parts/votes.js';
import { ScreenElement } from '../screen.js';
import { localTime } from '../times.js';
import { KINDS, stateInWords } from '../words.js';

customElements.define(
  'desk-decisions',
  class extends ScreenElement {
    heading = /** @type {const} */ (['To decide', '결정 대기']);
    /** @type {Matter[]} */
    #matters = [];
    #set = /** @type {OfficerSet} */ (/** @type {any} */ (null));

    async load() {
      const { desk } = this.app;
      [this.#matters, { set: this.#set }] = await Promise.all([desk.matters(), desk.officers()]);
    }

    content() {
      const mine = this.#matters.filter(({ state, mine: voted }) => state === 'waiting' && voted === null);
      const others = this.#matters.filter((matter) => !mine.includes(matter));
      return [
        element('h2', {}, say(['Waiting for you', '내 결정 대기'])),
        this.#table(mine, ['Nothing waits for you.', '결정할 것이 없습니다.']),
        others.length > 0 && element('h2', {}, say(['Waiting for others, or decided', '다른 담당자 대기 또는 결정됨'])),
        others.length > 0 && this.#table(others, ['', '']),
      ];
    }

    /** @param {Matter[]} matters @param {readonly [string, string]} empty */
    #table(matters, empty) {
      const { desk } = this.app;
      return tableOf(
        ['Decisions', '결정'],
        [
          [['What', '내용'], (matter) => this.app.link(titleOf(desk, matter), 'desk-matter', matter.id)],
          [['Kind', '종류'], ({ kind }) => say(KINDS[kind])],
          [['State', '상태'], ({ state }) => stateInWords(state)],
          [['Approvals', '승인'], (matter) => countOf(matter)],
          [['Not yet', '아직'], (matter) => missing(matter, this.#set).map(printable).join(', ') || '–'],
          [['Since', '요청'], ({ since }) => (since === null ? '–' : localTime(since, desk.offset))],
        ],
        matters,
        empty,
      );
    }
  },
);
