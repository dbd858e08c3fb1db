/** What an opening gave, without a word about anybody: counts, and arrivals by the hour. */

/** @import { Desk } from '../desk.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { counted } from '../times.js';
import { stateInWords, told } from '../words.js';
import { tableOf } from './table.js';
import { TimeLine } from './timeLine.js';

const HOUR = 3600;
/** So much is shown before the first arrivals and after the last. */
const AROUND = 4 * HOUR;

/**
 * `arrivals`: how many came in the hour that begins then.
 * @typedef {{ counts: { warrant: string, venue: string, domain: string, state: string, what: string, count: number }[],
 *   arrivals: [number, number][] }} Summary
 */

/** The summary of a case or a warrant. The server reads all that was opened for it, so it is asked when that grows. */
export class KeptSummary {
  /** @type {Summary} */
  #summary = { counts: [], arrivals: [] };
  #opened = 0;

  /** @param {Desk} desk @param {string} path @param {number} opened how many passes were opened by now */
  async look(desk, path, opened) {
    if (opened === this.#opened) return;
    this.#summary = await desk.client.get(`${path}/summary`);
    this.#opened = opened;
  }

  /** What it says, as an element; false if it says nothing. @param {Desk} desk */
  show(desk) {
    return outcomeOf(desk, this.#summary);
  }
}

/** @param {Desk} desk @param {Summary} summary */
function outcomeOf({ offset }, { counts, arrivals }) {
  if (counts.length === 0) return false;
  const hours = arrivals.map(([begins]) => begins);
  return element(
    'section',
    { class: 'card stack' },
    element('h2', {}, say(['What came of it', '결과'])),
    arrivals.length > 0 &&
      new TimeLine().show({
        shown: [Math.min(...hours) - AROUND, Math.max(...hours) + HOUR + AROUND],
        offset,
        arrivals,
      }),
    tableOf(
      ['Counts', '집계'],
      [
        [['Venue', '시설'], ({ venue }) => printable(venue)],
        [['Domain', '도메인'], ({ domain }) => printable(domain)],
        [['State', '상태'], ({ state }) => stateInWords(state)],
        [['What', '내용'], ({ what }) => told(what)],
        [['Count', '건수'], ({ count }) => counted(count)],
      ],
      counts,
      ['', ''],
    ),
  );
}
