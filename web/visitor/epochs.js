/**
 * Epoch statements that are kept, so that a phone works without a network. Spec: §3.5, §5.2.
 *
 * @import { EpochKey, Role } from '../protocol/epochs.js'
 * @import { Servers } from './domain.js'
 * @import { HttpClient } from '../ui/httpClient.js'
 * @import { Store } from './store.js'
 */

import { Role as Roles, checkSameStatement, verifyEpoch, verifyEpochStatement } from '../protocol/epochs.js';
import { ConflictingStatements } from '../protocol/primitives/errors.js';
import { roleName } from './domain.js';
import { KnownLogs } from './log.js';

/** The epoch statements of one domain. A second, different one is kept beside the first as evidence. */
export class Epochs {
  #store;
  #servers;
  #logs;
  /** @type {Map<number, EpochKey>} */
  #verified = new Map();

  /** @param {Pick<Store, 'get' | 'put'>} store @param {Servers} servers */
  constructor(store, servers) {
    this.#store = store;
    this.#servers = servers;
    this.#logs = new KnownLogs(store, servers);
  }

  /**
   * The joint key of an epoch, if both statements are known and neither party signed another one.
   * @param {number} epoch @returns {Promise<EpochKey | null>}
   */
  async key(epoch) {
    const kept = await Promise.all(Object.values(Roles).map((role) => this.#store.get(place(role, epoch))));
    const conflicts = await Promise.all(
      Object.values(Roles).map((role) => this.#store.get(`${place(role, epoch)}/conflict`)),
    );
    if (kept.includes(undefined) || conflicts.some(Boolean)) return null;
    const known = this.#verified.get(epoch) ?? verifyEpoch(this.#servers.domain, epoch, kept[0], kept[1]);
    this.#verified.set(epoch, known);
    return known;
  }

  /**
   * Both statements, asked for anew each time, so that a party that shows two different ones is caught. Each is in its
   * party's log, where everybody sees it, or is not used.
   * @param {HttpClient} client @param {number} epoch
   * @throws {Problem | Unreachable} or the `SplitPassError` that a statement deserves
   */
  async fetch(client, epoch) {
    for (const role of Object.values(Roles)) {
      const statement = await client.call('GET', `${this.#servers.files[role]}/v1/epochs/${epoch}`);
      await this.#keep(role, epoch, statement);
      await this.#logs.checkEpoch(client, role, epoch, statement);
    }
  }

  /** @param {Role} role @param {number} epoch @param {Uint8Array} statement */
  async #keep(role, epoch, statement) {
    verifyEpochStatement(this.#servers.domain, role, epoch, statement);
    const known = await this.#store.get(place(role, epoch));
    if (!known) {
      await this.#store.put(place(role, epoch), statement);
      return;
    }
    try {
      checkSameStatement(known, statement);
    } catch (error) {
      if (error instanceof ConflictingStatements) await this.#store.put(`${place(role, epoch)}/conflict`, statement);
      throw error;
    }
  }
}

/** @param {Role} role @param {number} epoch */
const place = (role, epoch) => `epoch/${epoch}/${roleName(role)}`;
