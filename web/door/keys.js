/**
 * What a door knows of its venue and of the domains that it takes codes of. Spec: §3.5, §5.5.
 *
 * Its server sends the signed statements, which are verified here. A second, different one for the same epoch is kept
 * beside the first as evidence, and then there is no key.
 *
 * @import { EpochKey } from '../protocol/epochs.js'
 * @import { DoorView as View, DomainView, EpochView } from '../protocol/deliveries.js'
 * @import { DoorDomain } from './gate.js'
 * @import { DoorStore } from './store.js'
 */

import { DoorView, Openness } from '../protocol/deliveries.js';
import { Role, checkSameStatement, epochAt, verifyEpoch, verifyEpochStatement } from '../protocol/epochs.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { ConflictingStatements, SplitPassError } from '../protocol/primitives/errors.js';

const VIEW = 'view';
const STATEMENTS = 'statements';

/**
 * A statement, and the other one that the same party signed.
 * @typedef {{ statement: Uint8Array, conflict?: Uint8Array }} Known
 */

/** The venue, its domains and their epochs, kept so that a door decides without a network. */
export class Keys {
  #store;
  /** @type {View | null} */
  #view = null;
  /** By domain, epoch and role. @type {Map<string, Known>} */
  #statements = new Map();
  /** @type {Map<string, EpochKey | undefined>} */
  #verified = new Map();

  /** @param {Pick<DoorStore, 'get' | 'put'>} store */
  constructor(store) {
    this.#store = store;
  }

  /** Go on with what was known before. */
  async resume() {
    const kept = await this.#store.get(VIEW);
    if (kept) this.#view = DoorView.fromBytes(kept);
    this.#statements = (await this.#store.get(STATEMENTS)) ?? new Map();
  }

  /** What the server said last; null if it never did. */
  get view() {
    return this.#view;
  }

  /** Take what the server says, durably. @param {View} view */
  async learn(view) {
    const statements = new Map([...this.#statements].filter(([place]) => isNeeded(view, place)));
    for (const of of view.domains) {
      for (const one of of.epochs) {
        for (const [role, statement] of statementsOf(one)) {
          const place = placeOf(of.domain.number, one.epoch, role);
          statements.set(place, merge(of, one.epoch, role, statements.get(place), statement));
        }
      }
    }
    await this.#store.put(STATEMENTS, statements);
    await this.#store.put(VIEW, DoorView.toBytes(view));
    this.#view = view;
    this.#statements = statements;
    this.#verified.clear();
    for (const { domain } of view.domains) {
      this.epochKey(domain.number, epochAt(domain, view.time)); // nobody waits for it later
    }
  }

  /** What a door has of the domain of a number. @param {number} number @returns {DoorDomain | undefined} */
  find(number) {
    const of = this.#of(number);
    if (of === undefined) return undefined;
    const epochKey = (/** @type {number} */ epoch) => this.epochKey(number, epoch);
    return { domain: of.domain, tolerance: of.tolerance, closed: of.openness === Openness.CLOSED, epochKey };
  }

  /** The joint key of an epoch, if both statements hold. @param {number} number @param {number} epoch */
  epochKey(number, epoch) {
    const place = `${number} ${epoch}`;
    if (!this.#verified.has(place)) this.#verified.set(place, this.#verify(number, epoch));
    return this.#verified.get(place);
  }

  /** @param {number} number @param {number} epoch @returns {EpochKey | undefined} */
  #verify(number, epoch) {
    const of = this.#of(number);
    const [operator, authority] = [Role.OPERATOR, Role.AUTHORITY].map((role) =>
      this.#statements.get(placeOf(number, epoch, role)),
    );
    if (!of || !operator || !authority || operator.conflict || authority.conflict) return undefined;
    try {
      return verifyEpoch(of.domain, epoch, operator.statement, authority.statement);
    } catch (error) {
      if (error instanceof SplitPassError) return undefined; // what does not hold is as good as none
      throw error;
    }
  }

  /** @param {number} number @returns {DomainView | undefined} */
  #of(number) {
    return this.#view?.domains.find(({ domain }) => domain.number === number);
  }
}

/** @param {number} number @param {number} epoch @param {Role} role */
const placeOf = (number, epoch, role) => `${number} ${epoch} ${role}`;

/**
 * Whether a statement is of a domain that is still there, and of yesterday or later.
 * @param {View} view @param {string} place
 */
function isNeeded({ domains, time }, place) {
  const [number, epoch] = place.split(' ').map(Number);
  return domains.some(({ domain }) => domain.number === number && epoch >= epochAt(domain, time) - 1);
}

/** @param {EpochView} of @returns {[Role, Uint8Array][]} */
const statementsOf = ({ operator, authority }) => [
  [Role.OPERATOR, operator],
  [Role.AUTHORITY, authority],
];

/**
 * What is known of a party's statement once another one came.
 * @param {DomainView} of @param {number} epoch @param {Role} role @param {Known | undefined} known
 * @param {Uint8Array} statement @returns {Known}
 */
function merge({ domain }, epoch, role, known, statement) {
  if (known && sameBytes(known.statement, statement)) return known;
  if (!known || !holds(known.statement)) return { statement };
  if (known.conflict || !holds(statement)) return known;
  try {
    checkSameStatement(known.statement, statement);
    return known;
  } catch (error) {
    if (error instanceof ConflictingStatements) return { ...known, conflict: statement };
    throw error;
  }

  /** @param {Uint8Array} one */
  function holds(one) {
    try {
      return Boolean(verifyEpochStatement(domain, role, epoch, one));
    } catch (error) {
      if (error instanceof SplitPassError) return false;
      throw error;
    }
  }
}
