/**
 * The lists that everyone fetches: notices and disclosures. Spec: §3.12, §3.13.
 *
 * What is asked for depends on what was fetched before and on nothing else, so that it tells nothing about the visitor.
 * What concerns the visitor is found out here, and nobody is told.
 *
 * @import { Disclosure } from '../protocol/disclosures.js'
 * @import { VerifiedNotice } from '../protocol/notices.js'
 * @import { Domain } from '../protocol/epochs.js'
 * @import { Visitor } from './visitor.js'
 * @import { FoundNotice, FoundOpening } from './walletContents.js'
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { names, verifyDisclosure } from '../protocol/disclosures.js';
import { EPOCH_SECONDS, Role } from '../protocol/epochs.js';
import { Notice, PublishedNotice, concerns, verifyNotice } from '../protocol/notices.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { statementPayload } from '../protocol/primitives/statements.js';
import { Problem, Unreachable } from '../ui/problems.js';
import { MEMORY_DAYS, RETENTION_DAYS, usedPasses } from './wallet.js';

/** How many lists of one source a client follows at a time: whoever signs more could keep it busy for ever. */
export const MAX_LISTS = 1000;
/** How old the newest list of a party may be, in seconds. */
export const MAX_LIST_AGE = 48 * 3600;
const REQUEST_TOLERANCE = 120;
/** How long the search of one source may take. */
const SEARCH_SECONDS = 3600;

/**
 * What is wrong with a party's lists.
 * @typedef {'stale' | 'missing' | 'too many' | 'withdrawn' | 'conflicting' | 'unreachable' | 'refused'} Fault
 */

/** @typedef {VerifiedNotice | Disclosure} Listed */

/**
 * One kind of list of one party, how it is verified, and how many days back the first fetch goes.
 * @typedef {{
 *   name: string,
 *   kind: 'notices' | 'disclosures',
 *   role: Role,
 *   oldestDays: number,
 *   verify: (domain: Domain, list: Uint8Array, number: number | null) => Listed,
 *   payload: (list: Uint8Array) => Uint8Array,
 * }} ListSource
 */

/** @param {Role} role @param {string} name @returns {ListSource} */
const disclosures = (role, name) => ({
  name,
  kind: 'disclosures',
  role,
  oldestDays: MEMORY_DAYS,
  verify: (domain, list, number) => verifyDisclosure(domain, role, list, number),
  payload: statementPayload,
});

/** All lists that a visitor fetches. @type {readonly ListSource[]} */
export const LIST_SOURCES = Object.freeze([
  {
    name: 'notices.authority',
    kind: 'notices',
    role: Role.AUTHORITY,
    oldestDays: RETENTION_DAYS,
    verify: verifyNotice,
    payload: (list) =>
      Notice.toBytes(Notice.fromBytes(statementPayload(PublishedNotice.fromBytes(list).notice.authority))),
  },
  disclosures(Role.OPERATOR, 'disclosures.operator'),
  disclosures(Role.AUTHORITY, 'disclosures.authority'),
]);

/**
 * Fetch the new lists of every source, each by itself, and keep what they say about the visitor's passes. What is wrong
 * with them is kept too.
 * @param {Visitor} visitor
 */
export async function searchLists(visitor) {
  const used = [...usedPasses(await visitor.wallet()).keys()].map((u) => hexToBytes(u));
  await Promise.all(LIST_SOURCES.map((source) => searchSource(visitor, source, used)));
}

/**
 * What is wrong with the lists of a source, as seen now; null if they were never fetched.
 * @param {Visitor} visitor @param {ListSource} source @returns {Promise<Fault[] | null>}
 */
export async function faultsOf(visitor, source) {
  const { tried, fault } = (await visitor.store.get(place(source, 'last'))) ?? {};
  if (!tried) return null;
  const known = await knownList(visitor, source);
  const now = visitor.clock();
  const isFresh = known && now - MAX_LIST_AGE <= known.listed.time && known.listed.time <= now + REQUEST_TOLERANCE;
  /** @type {Set<Fault>} */
  const found = new Set(fault ? [fault] : []);
  if (!isFresh) found.add('stale');
  if (await visitor.store.get(place(source, 'withdrawn'))) found.add('withdrawn');
  if (await visitor.store.get(place(source, 'conflict'))) found.add('conflicting');
  return [...found];
}

/** @param {Visitor} visitor @param {ListSource} source @param {Uint8Array[]} used */
async function searchSource(visitor, source, used) {
  const { store, findings } = visitor;
  // If what was found is lost, all lists are asked for again.
  if (!(await findings.read(source.name))) await store.put(place(source), undefined);
  /** @type {(FoundNotice | FoundOpening)[]} */
  const found = [];
  /** @type {{ newest?: Uint8Array, fault?: Fault }} */
  let outcome;
  try {
    outcome = await follow(visitor, source, (listed) => found.push(...matches(listed, used)));
  } catch (error) {
    if (error instanceof Unreachable) outcome = { fault: 'unreachable' };
    else if (error instanceof Problem || error instanceof SplitPassError) outcome = { fault: 'refused' };
    else throw error;
  } finally {
    await findings.keep(source.name, found); // when the last list has come: a pause after one would tell
  }
  if (outcome.newest) {
    await store.put(place(source), outcome.newest);
    await store.put(place(source, 'withdrawn'), undefined);
  }
  await store.put(place(source, 'last'), { tried: visitor.clock(), fault: outcome.fault ?? null });
}

/**
 * Fetch the lists that are new, newest first, and `look` into each as it comes.
 * @param {Visitor} visitor @param {ListSource} source @param {(listed: Listed) => void} look
 * @returns {Promise<{ newest?: Uint8Array, fault?: Fault }>}
 * @throws {Unreachable | Problem} or the `SplitPassError` that a list deserves
 */
async function follow(visitor, source, look) {
  const { client, servers, store, domain } = visitor;
  const ends = Date.now() + SEARCH_SECONDS * 1000;
  const url = `${servers.files[source.role]}/v1/${source.kind}`;
  const known = await knownList(visitor, source);
  const list = await client.find(url); // step 1, and again for those between
  if (!list) return { fault: 'missing' };
  const newest = source.verify(domain, list, null); // step 2, and again for those between
  const last = known ? known.listed.number : -1;
  if (newest.number < last) {
    await store.put(place(source, 'withdrawn'), list);
    return { fault: 'withdrawn' };
  }
  look(newest); // step 3
  if (known && newest.number === last && !sameBytes(source.payload(list), source.payload(known.list))) {
    await store.put(place(source, 'conflict'), list);
    return { fault: 'conflicting' };
  }
  const oldest = visitor.clock() - source.oldestDays * EPOCH_SECONDS;
  let [received, count] = [newest, 0];
  for (let number = newest.number - 1; number > last; number -= 1) {
    if (!known && received.time < oldest) break;
    count += 1;
    if (count === MAX_LISTS) return { fault: 'too many' };
    if (Date.now() > ends) throw new Unreachable(`${url} takes too long to give all lists`);
    const older = await client.find(`${url}/${number}`);
    if (!older) return { fault: 'missing' };
    received = source.verify(domain, older, number);
    look(received);
  }
  return { newest: list };
}

/**
 * The newest list that was fetched together with all before it; null as well if it is damaged.
 * @param {Visitor} visitor @param {ListSource} source
 */
async function knownList({ store, domain }, source) {
  try {
    const list = await store.get(place(source));
    return list ? { list, listed: source.verify(domain, list, null) } : null;
  } catch {
    return null;
  }
}

/**
 * What a list says about passes (each `u`, 32 bytes).
 * @param {Listed} listed @param {Uint8Array[]} used @returns {(FoundNotice | FoundOpening)[]}
 */
export function matches(listed, used) {
  if ('list' in listed) {
    const { number, advice } = listed;
    return used.filter((u) => concerns(listed, u)).map((u) => ({ u, number, advice }));
  }
  return listed.openings.flatMap(({ record }) => {
    const { warrantId, legalReference } = record;
    return used.filter((u) => names(record, u)).map((u) => ({ u, warrantId, legalReference }));
  });
}

/** @param {ListSource} source @param {string} [part] */
const place = ({ name }, part) => `list/${name}${part ? `/${part}` : ''}`;
