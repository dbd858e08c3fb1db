/** A table, which on a narrow screen becomes a list of cards with each value below its name. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Child } from '../../ui/dom.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';

/**
 * What a table shows of each row: the first column names the row.
 * @template R @typedef {readonly [name: Pair, cell: (row: R) => Child | Child[]]} Column
 */

/**
 * @template R
 * @param {Pair} caption @param {readonly Column<R>[]} columns @param {readonly R[]} rows
 * @param {Pair} empty what is said where there are no rows
 */
export function tableOf(caption, columns, rows, empty) {
  if (rows.length === 0) return element('p', { class: 'card soft' }, say(empty));
  // The roles are said: a browser forgets them where a style makes something else of a row.
  return element(
    'table',
    { class: 'rows', role: 'table' },
    element('caption', { class: 'hidden-text' }, say(caption)),
    element(
      'thead',
      { role: 'rowgroup' },
      element(
        'tr',
        { role: 'row' },
        columns.map(([name]) => element('th', { role: 'columnheader', scope: 'col' }, say(name))),
      ),
    ),
    element(
      'tbody',
      { role: 'rowgroup' },
      rows.map((row) =>
        element(
          'tr',
          { role: 'row' },
          columns.map((column, place) => cellOf(column, row, place)),
        ),
      ),
    ),
  );
}

/** @template R @param {Column<R>} column @param {R} row @param {number} place */
function cellOf([name, cell], row, place) {
  const [kind, attributes] = place === 0 ? ['th', { role: 'rowheader', scope: 'row' }] : ['td', { role: 'cell' }];
  const content = element('div', {}, cell(row));
  return element(/** @type {'td'} */ (kind), { ...attributes, 'data-name': say(name) }, content);
}

/**
 * Names and what they stand for, below each other.
 * @param {readonly (readonly [Pair, Child | readonly Child[]] | null | false)[]} lines
 */
export function listOf(lines) {
  return element(
    'dl',
    { class: 'facts' },
    lines.flatMap((line) =>
      line ? [element('div', {}, element('dt', {}, say(line[0])), element('dd', {}, ...[line[1]].flat()))] : [],
    ),
  );
}
