/**
 * Following the parties' logs: a statement is in its party's log, and the log only grows. Spec: §3.11.
 *
 * @import { Role } from '../protocol/epochs.js'
 * @import { Checkpoint } from '../protocol/transparency/signedNotes.js'
 * @import { WitnessedCheckpoint } from '../protocol/transparency/logs.js'
 * @import { Tile } from '../protocol/transparency/tiles.js'
 * @import { Servers } from './domain.js'
 * @import { HttpClient } from '../ui/httpClient.js'
 * @import { Store } from './store.js'
 */

import { sameBytes } from '../protocol/primitives/encoding.js';
import { InconsistentLog, MalformedEncoding } from '../protocol/primitives/errors.js';
import { Inclusion, verifyLoggedEpoch, verifyWitnessed } from '../protocol/transparency/logs.js';
import { HASH_BYTES, proveConsistency, rootOf, verifyConsistency } from '../protocol/transparency/merkle.js';
import { TILE_WIDTH, splitHashes, subtreesIn, tilePath } from '../protocol/transparency/tiles.js';
import { roleName } from './domain.js';

/** The latest checkpoint of each party's log, and a second one as evidence if they fall out. */
export class KnownLogs {
  #store;
  #servers;

  /** @param {Pick<Store, 'get' | 'put'>} store @param {Servers} servers */
  constructor(store, servers) {
    this.#store = store;
    this.#servers = servers;
  }

  /**
   * Throw unless a party's statement of an epoch is in its log, and that continues what is known of it.
   * @param {HttpClient} client @param {Role} role @param {number} epoch @param {Uint8Array} statement
   * @throws what `verifyLoggedEpoch` throws, `InconsistentLog`, `Problem` or `Unreachable`
   */
  async checkEpoch(client, role, epoch, statement) {
    const { domain, files } = this.#servers;
    const body = await client.call('GET', `${files[role]}/v1/epochs/${epoch}/inclusion`);
    const inclusion = Inclusion.fromBytes(body);
    await this.#follow(client, role, inclusion.checkpoint, verifyLoggedEpoch(domain, role, statement, inclusion));
  }

  /** @param {HttpClient} client @param {Role} role @param {Uint8Array} note @param {WitnessedCheckpoint} received */
  async #follow(client, role, note, received) {
    const name = `log/${roleName(role)}`;
    if (await this.#store.get(`${name}/conflict`)) {
      throw new InconsistentLog(`the ${roleName(role)} has two logs; both checkpoints are kept as evidence`);
    }
    const known = await this.#store.get(name);
    const before = known && verifyWitnessed(this.#servers.domain, role, known).checkpoint;
    if (before) {
      const [earlier, later] = [before, received.checkpoint].sort((one, other) => one.size - other.size);
      const root = await fetchEarlierRoot(client, this.#servers.files[role], later, earlier.size);
      if (!sameBytes(root, earlier.root)) {
        await this.#store.put(`${name}/conflict`, note);
        throw new InconsistentLog(`the ${roleName(role)}'s log does not continue what it was before`);
      }
    }
    if (!before || before.size <= received.checkpoint.size) await this.#store.put(name, note);
  }
}

/**
 * The root of the first `size` entries under a verified checkpoint, from tiles that are proven to be under it. No
 * request tells `size`, by which a client could be recognised.
 * @param {HttpClient} client @param {string} url @param {Checkpoint} checkpoint @param {number} size
 * @returns {Promise<Uint8Array>} @throws {Malformed | Problem | Unreachable}
 */
export async function fetchEarlierRoot(client, url, checkpoint, size) {
  if (size === checkpoint.size) return checkpoint.root;
  /** @type {Map<string, Tile>} */
  const needed = new Map();
  const [empty, path] = [new Uint8Array(HASH_BYTES), tilePath];
  prove((tile) => {
    needed.set(path(tile), tile);
    return Array.from({ length: tile.width }, () => empty);
  });
  /** @type {Map<string, Uint8Array[]>} */
  const tiles = new Map();
  for (const [name, tile] of needed) tiles.set(name, await fetchHashes(client, url, tile));
  const { root, proof } = prove((tile) => /** @type {Uint8Array[]} */ (tiles.get(path(tile))));
  if (!verifyConsistency(size, root, checkpoint.size, checkpoint.root, proof)) {
    throw new MalformedEncoding('the tiles are not those of the checkpoint');
  }
  return root;

  /** @param {(tile: Tile) => Uint8Array[]} hashes */
  function prove(hashes) {
    const subtrees = subtreesIn(checkpoint.size, hashes);
    return { root: rootOf(subtrees, size), proof: proveConsistency(subtrees, size, checkpoint.size) };
  }
}

/**
 * The hashes of a tile, or of the full one that it was the beginning of.
 * @param {HttpClient} client @param {string} url @param {Tile} tile
 */
async function fetchHashes(client, url, tile) {
  const partial = await client.find(`${url}/v1/log/tile/${tilePath(tile)}`);
  if (partial) return splitHashes(tile, partial);
  const whole = { ...tile, width: TILE_WIDTH };
  return splitHashes(whole, await client.call('GET', `${url}/v1/log/tile/${tilePath(whole)}`)).slice(0, tile.width);
}
