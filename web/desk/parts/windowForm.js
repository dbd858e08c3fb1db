/** Choosing a venue and a window: on the time line of what the venue committed, or in fields. */

/** @import { Desk } from '../desk.js' */
/** @import { Span } from './timeLine.js' */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { localTime } from '../times.js';
import { errorInWords } from '../words.js';
import { choice, timeField } from './fields.js';
import { TimeLine } from './timeLine.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const [BEFORE, LASTING] = [4 * HOUR, 3 * HOUR];

/** A window that is chosen already. @typedef {{ venue: string, begins: number, ends: number }} Window */
/** @typedef {{ venue: string, name: string, url: string, approved: boolean }} ListedVenue */

/** The fields; `chosen` reads them. */
export class WindowForm {
  /** @type {Desk} */
  #desk;
  #venues;
  #line = new TimeLine();
  #told = element('p', { class: 'soft small', role: 'status' });
  /** @type {Span} */
  #shown;
  /** @type {readonly Window[]} */
  #windows;

  /** @param {Desk} desk @param {readonly ListedVenue[]} venues @param {readonly Window[]} [windows] */
  constructor(desk, venues, windows = []) {
    this.#desk = desk;
    this.#windows = windows;
    this.#venues = venues.filter(({ approved }) => approved);
    const now = Math.floor(desk.now() / HOUR) * HOUR;
    this.#shown = [now - 2 * DAY, now + HOUR];
    const reread = () => this.#line.choose([this.begins.time(), this.ends.time()]);
    this.venue = choice(
      'venue',
      ['Venue', '시설'],
      this.#venues.map(({ venue, name }) => [venue, `${printable(name)} (${venue.slice(0, 8)})`]),
    );
    this.begins = timeField('begins', ['From', '시작'], now - BEFORE, desk.offset);
    this.ends = timeField('ends', ['Until', '끝'], now - BEFORE + LASTING, desk.offset);
    this.range = choice(
      'range',
      ['Shown', '보기'],
      [
        ['1', say(['one day', '하루'])],
        ['2', say(['two days', '이틀'])],
        ['7', say(['a week', '일주일'])],
        ['28', say(['four weeks', '4주'])],
      ],
    );
    this.range.input.value = '2';
    this.venue.input.onchange = () => this.show();
    this.range.input.onchange = () => {
      this.#shown = [this.#shown[1] - Number(this.range.input.value) * DAY, this.#shown[1]];
      this.show();
    };
    for (const { input } of [this.begins, this.ends]) input.oninput = reread;
    this.element = element(
      'div',
      { class: 'stack' },
      element('div', { class: 'fields' }, this.venue.label, this.range.label),
      element(
        'div',
        { class: 'line' },
        this.#shift(-1, '‹', ['Earlier', '이전']),
        this.#line,
        this.#shift(1, '›', ['Later', '이후']),
      ),
      this.#told,
      element('div', { class: 'fields' }, this.begins.label, this.ends.label),
    );
  }

  /** Whether there is a venue to choose. */
  get hasVenues() {
    return this.#venues.length > 0;
  }

  /** What is chosen. @returns {{ venue: string, begins: number, ends: number }} */
  get chosen() {
    return { venue: this.venue.input.value, begins: this.begins.time(), ends: this.ends.time() };
  }

  /** Fetch and draw the time line of the venue. */
  async show() {
    const { offset, client } = this.#desk;
    const [from, until] = this.#shown;
    const venue = this.venue.input.value;
    try {
      const told = await client.get(`/venues/${venue}/arrivals?from=${from}&until=${until}`);
      if (venue !== this.venue.input.value) return;
      /** @type {Span} */
      const chosen = [this.begins.time(), this.ends.time()];
      const hours = {
        shown: this.#shown,
        offset,
        commitments: told.commitments,
        pauses: told.pauses,
        windows: this.#windows
          .filter((window) => window.venue === venue)
          .map(({ begins, ends }) => /** @type {const} */ ([begins, ends])),
      };
      this.#line.show(hours, chosen, ([begins, ends]) => {
        this.begins.set(begins);
        this.ends.set(ends);
      });
      const last = told.newest === null ? '' : localTime(told.newest, offset);
      fill(
        this.#told,
        say(
          told.newest === null
            ? [
                'This venue has never committed: nothing of it can be opened yet.',
                '이 시설은 기록을 확약한 적이 없어 아직 열 수 없습니다.',
              ]
            : [
                `Last commitment: ${last}. Commitments tell neither how many came nor who.`,
                `마지막 확약: ${last}. 확약만으로는 몇 명이, 누가 왔는지 알 수 없습니다.`,
              ],
        ),
      );
    } catch (error) {
      fill(this.#told, say(errorInWords(error)));
    }
  }

  /** @param {-1 | 1} direction @param {string} sign @param {readonly [string, string]} words */
  #shift(direction, sign, words) {
    return element(
      'button',
      {
        type: 'button',
        class: 'step',
        'aria-label': say(words),
        onclick: () => {
          const by = (direction * (this.#shown[1] - this.#shown[0])) / 2;
          this.#shown = [this.#shown[0] + by, this.#shown[1] + by];
          this.show();
        },
      },
      sign,
    );
  }
}
