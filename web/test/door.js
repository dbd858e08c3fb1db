/**
 * The gate of the doors' page, driven line by line as conformance/README.md says. On papers, and on what is sent to the
 * venue, the page has its server decide.
 *
 * @import { DoorDomain } from '../door/gate.js'
 * @import { EpochKey } from '../protocol/epochs.js'
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { Book } from '../door/book.js';
import { Gate } from '../door/gate.js';
import { checkSameStatement, verifyEpoch } from '../protocol/epochs.js';
import { Decision } from '../protocol/httpMessages.js';
import { fromPaperText } from '../protocol/paperPasses.js';
import { ConflictingStatements, Malformed, SplitPassError } from '../protocol/primitives/errors.js';
import { readDomain } from '../visitor/domain.js';
import { answerLines } from './lines.js';

/** @typedef {Record<string, any>} Values */
/** @typedef {DoorDomain & { known: Map<number, { key: EpochKey | undefined, statements: Uint8Array[] }> }} Known */

const UNSUPPORTED = { error: 'unsupported' };

/** @type {Gate} */
let gate;
/** @type {Map<number, Known>} */
let domains = new Map();

/** @param {Values} pinned @returns {Known} */
function doorDomain(pinned) {
  const withUrls = {
    ...pinned,
    operator: { ...pinned.operator, url: 'https://operator.example' },
    authority: { ...pinned.authority, url: 'https://authority.example' },
  };
  /** @type {Known['known']} */
  const known = new Map();
  const { domain } = readDomain(withUrls);
  const epochKey = (/** @type {number} */ epoch) => known.get(epoch)?.key;
  return { domain, known, tolerance: pinned.tolerance, closed: false, epochKey };
}

/** Whether two parties have signed the same as before. @param {Uint8Array[]} before @param {Uint8Array[]} now */
function isSame(before, now) {
  try {
    now.forEach((statement, party) => checkSameStatement(before[party], statement));
    return true;
  } catch (error) {
    if (error instanceof ConflictingStatements) return false;
    throw error;
  }
}

/** @param {string} text */
function isPaper(text) {
  try {
    return Boolean(fromPaperText(text));
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

/** @type {Record<string, (request: Values) => Values>} */
const OPERATIONS = {
  begin({ venue, domains: pinned }) {
    domains = new Map(pinned.map((/** @type {Values} */ one) => [one.number, doorDomain(one)]));
    gate = new Gate(hexToBytes(venue), (number) => domains.get(number), new Book());
    return { result: {} };
  },
  learn({ domain: number, epoch, operator, authority }) {
    const { domain, known } = /** @type {Known} */ (domains.get(number));
    const statements = [hexToBytes(operator), hexToBytes(authority)];
    const key = verifyEpoch(domain, epoch, statements[0], statements[1]);
    const before = known.get(epoch) ?? { key, statements };
    known.set(epoch, { ...before, key: isSame(before.statements, statements) ? before.key : undefined });
    return { result: {} };
  },
  decide({ text, now }) {
    if (isPaper(text)) return UNSUPPORTED;
    const decision = gate.decideText(text, now);
    return { result: { decision: Object.entries(Decision).find(([, value]) => value === decision)?.[0] } };
  },
  close({ domain: number }) {
    const of = domains.get(number);
    if (of) of.closed = true;
    return { result: {} };
  },
};

await answerLines((request) => {
  if (!Object.hasOwn(OPERATIONS, request.do)) return UNSUPPORTED;
  try {
    return OPERATIONS[request.do](request);
  } catch (error) {
    if (error instanceof SplitPassError) return { error: error.name };
    throw error;
  }
});
