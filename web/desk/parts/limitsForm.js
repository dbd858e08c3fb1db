/** What bounds a warrant beside its window, with the values that most warrants have. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Desk } from '../desk.js' */

import { ask } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { told } from '../words.js';
import { numberField } from './fields.js';

/** @typedef {{ assumed_stay: number, max_records: number, valid_days: number, embargo_days: number }} Limits */

/** The fields; `limits` reads them. */
export function limitsForm() {
  const stay = numberField(
    'assumed_stay',
    ['Minutes of a visit without an exit', '퇴장 기록 없는 방문의 길이(분)'],
    120,
    0,
    720,
  );
  const records = numberField('max_records', ['Records at most', '최대 건수'], 500, 1, 1_000_000);
  const valid = numberField('valid_days', ['Days until it expires', '유효 기간(일)'], 7, 1, 90);
  const embargo = numberField('embargo_days', ['Days until it is published', '공개까지(일)'], 14, 0, 90);
  const read = (/** @type {{ input: HTMLInputElement }} */ { input }) => Number(input.value);
  return {
    element: element('div', { class: 'fields' }, stay.label, records.label, valid.label, embargo.label),
    /** @returns {Limits} */
    limits: () => ({
      assumed_stay: read(stay),
      max_records: read(records),
      valid_days: read(valid),
      embargo_days: read(embargo),
    }),
  };
}

/**
 * Have warrants drawn. If something is odd the officer is asked first.
 * @param {Desk} desk @param {string} path @param {object} body
 * @returns {Promise<string[] | null>} null if the officer says no
 */
export async function draw(desk, path, body) {
  const first = await desk.client.post(path, { ...body, confirmed: false });
  if (first.drawn.length > 0 || first.odd.length + first.impossible.length === 0) return first.drawn;
  const list = (/** @type {Pair} */ words, /** @type {string[]} */ texts) =>
    texts.length > 0 && [
      element('p', {}, say(words)),
      element(
        'ul',
        { class: 'points' },
        texts.map((text) => element('li', {}, told(text))),
      ),
    ];
  const goesOn = await ask({
    title: ['Look at this first', '먼저 확인해 주세요'],
    content: [
      ...(list(['No warrant can be drawn for:', '승인서를 작성할 수 없는 것:'], first.impossible) || []),
      ...(list(['This is odd:', '확인이 필요한 점:'], first.odd) || []),
    ],
    yes: ['Draw all the same', '그래도 작성'],
    no: ['Cancel', '취소'],
    danger: true,
  });
  return goesOn ? (await desk.client.post(path, { ...body, confirmed: true })).drawn : null;
}
