/** QR codes as drawings: black on white whatever the page's colours are. */

import { encodeQR } from 'qr';
import { drawing } from './dom.js';

/**
 * The code of a text of the QR alphanumeric alphabet, at error correction M. Other alphabets would take bytes, which
 * base45 is there to avoid.
 * @param {string} text @param {string} label what a screen reader says @param {number} [margin] in modules
 * @returns {Element}
 */
export function codeOf(text, label, margin = 0) {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'alphanumeric', border: 1 });
  const size = rows.length - 2;
  const runs = rows
    .slice(1, -1)
    .flatMap((row, y) => runsOf(row.slice(1, -1)).map(([x, width]) => `M${x} ${y}h${width}v1h-${width}z`));
  const side = size + 2 * margin;
  return drawing(
    'svg',
    {
      viewBox: `${-margin} ${-margin} ${side} ${side}`,
      role: 'img',
      'aria-label': label,
      'shape-rendering': 'crispEdges',
      class: 'code',
    },
    drawing('rect', { x: -margin, y: -margin, width: side, height: side, fill: '#fff' }),
    drawing('path', { d: runs.join(''), fill: '#000' }),
  );
}

/**
 * Where dark modules follow each other in a row: the first one's place, and how many.
 * @param {boolean[]} row @returns {[number, number][]}
 */
function runsOf(row) {
  /** @type {[number, number][]} */
  const runs = [];
  row.forEach((dark, x) => {
    if (!dark) return;
    if (x > 0 && row[x - 1]) runs[runs.length - 1][1] += 1;
    else runs.push([x, 1]);
  });
  return runs;
}
