/**
 * What the published lists say about the visitor's passes: sealed for each source by itself, apart from the keys.
 * Spec: §6.1.
 *
 * Whoever signs lists decides what is found. So each source can fill its own findings alone, and no wallet.
 *
 * @import { Decoded } from '../protocol/primitives/encoding.js'
 * @import { Store } from './store.js'
 * @import { FoundNotice as Notice, FoundOpening as Opening } from './walletContents.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { array, integer, message } from '../protocol/primitives/encoding.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { FoundNotice, FoundOpening } from './walletContents.js';

/** So many findings of one source are kept about one pass. */
export const MAX_FOR_PASS = 8;
/** So many findings of one source are kept in all. */
export const MAX_FOUND = 9000;

/** The sources of lists, by the names of their findings. */
export const SOURCES = Object.freeze(['notices.authority', 'disclosures.operator', 'disclosures.authority']);

/**
 * What was found, first things first; `leftOut` is 1 if it was more than is kept.
 * @typedef {Decoded<typeof Findings>} Findings
 */
export const Findings = message({
  notices: array(FoundNotice, 0, MAX_FOUND),
  openings: array(FoundOpening, 0, MAX_FOUND),
  leftOut: integer(0, 1),
});

/** @type {Findings} */
export const NOTHING = Object.freeze({ notices: [], openings: [], leftOut: 0 });

/**
 * What is about passes that are still known, by `u` in hexadecimal.
 * @param {Findings} findings @param {{ has: (u: string) => boolean }} used @returns {Findings}
 */
export function about({ notices, openings, leftOut }, used) {
  const kept = {
    notices: notices.filter(({ u }) => used.has(bytesToHex(u))),
    openings: openings.filter(({ u }) => used.has(bytesToHex(u))),
  };
  return { ...kept, leftOut: kept.notices.length + kept.openings.length > 0 ? leftOut : 0 };
}

/**
 * The same and more of one source: each thing once, and no more than is kept about one pass and in all.
 * @param {Findings} findings @param {(Notice | Opening)[]} more @returns {Findings}
 */
export function withMore(findings, more) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const seen = new Set();
  const [notices, openings] = [/** @type {Notice[]} */ ([]), /** @type {Opening[]} */ ([])];
  let { leftOut } = findings;
  for (const found of [...findings.notices, ...findings.openings, ...more]) {
    const isNotice = 'advice' in found;
    const name = bytesToHex(isNotice ? FoundNotice.toBytes(found) : FoundOpening.toBytes(found));
    if (seen.has(name)) continue;
    const u = bytesToHex(found.u);
    const count = counts.get(u) ?? 0;
    if (count < MAX_FOR_PASS && seen.size < MAX_FOUND) {
      seen.add(name);
      counts.set(u, count + 1);
      if (isNotice) notices.push(found);
      else openings.push(found);
    } else leftOut = 1;
  }
  return { notices, openings, leftOut };
}

/** The findings of all sources in the store. */
export class FindingsFiles {
  #store;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * The findings of a source; null if there are none that can be read: its lists are fetched again then.
   * @param {string} source @returns {Promise<Findings | null>}
   */
  async read(source) {
    try {
      const contents = await this.#store.read(place(source));
      return contents && Findings.fromBytes(contents);
    } catch {
      await this.#store.forget(place(source));
      return null;
    }
  }

  /** Keep more that was found in a source, durably. @param {string} source @param {(Notice | Opening)[]} more */
  async keep(source, more) {
    await this.#store.change(place(source), (contents) => ({
      contents: Findings.toBytes(withMore(decoded(contents), more)),
      value: null,
    }));
  }

  /** Drop what is about passes that are no longer known. @param {{ has: (u: string) => boolean }} used */
  async keepOnly(used) {
    for (const source of SOURCES) {
      if (!(await this.read(source))) continue;
      await this.#store.change(place(source), (contents) => ({
        contents: Findings.toBytes(about(decoded(contents), used)),
        value: null,
      }));
    }
  }

  /**
   * What all sources say about passes that are known, each thing once.
   * @param {{ has: (u: string) => boolean }} used @returns {Promise<Findings>}
   */
  async all(used) {
    const read = await Promise.all(SOURCES.map((source) => this.read(source)));
    const found = read.filter((one) => one !== null).map((one) => about(one, used));
    const once = new Map(
      found.flatMap(({ openings }) => openings).map((one) => [bytesToHex(FoundOpening.toBytes(one)), one]),
    );
    return {
      notices: found.flatMap(({ notices }) => notices),
      openings: [...once.values()],
      leftOut: Math.max(0, ...found.map(({ leftOut }) => leftOut)),
    };
  }
}

/** @param {string} source */
const place = (source) => `findings ${source}`;

/** @param {Uint8Array | null} contents @returns {Findings} */
function decoded(contents) {
  try {
    return contents ? Findings.fromBytes(contents) : NOTHING;
  } catch (error) {
    if (error instanceof SplitPassError) return NOTHING;
    throw error;
  }
}
