/**
 * The files that a log is made of (C2SP tlog-tiles): hashes in tiles of 256. Spec: §3.11.
 *
 * A tile at level `l` holds hashes of complete subtrees with `256 ** l` leaves each. Where a tree ends, a tile has fewer
 * than 256 and is called partial; a full one never changes. Sizes and indexes are below 2 ** 53.
 *
 * @import { Subtrees } from './merkle.js'
 */

import { MalformedEncoding } from '../primitives/errors.js';
import { HASH_BYTES, subtreesOf } from './merkle.js';

const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;

/** The tile `index` of a level, with its first `width` hashes. @typedef {{ level: number, index: number, width: number }} Tile */

/**
 * Where a tile is below the directory `tile`: `0/x001/x234/067`, or `0/000.p/5`.
 * @param {Tile} tile @returns {string}
 */
export function tilePath({ level, index, width }) {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/gu) ?? [];
  const path = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join('/');
  return `${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/**
 * The tile, in a tree of `size` entries, that gives the complete subtree `index` of those with `2 ** level` leaves.
 * @param {number} size @param {number} level @param {number} index @returns {Tile}
 */
export function tileWith(size, level, index) {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const tile = Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH);
  const width = Math.floor(size / 2 ** (TILE_HEIGHT * tileLevel)) - tile * TILE_WIDTH;
  return { level: tileLevel, index: tile, width: Math.min(TILE_WIDTH, width) };
}

/**
 * The complete subtrees of a tree of `size` entries, given the hashes in each of its tiles.
 * @param {number} size @param {(tile: Tile) => Uint8Array[]} hashes @returns {Subtrees}
 */
export function subtreesIn(size, hashes) {
  return (level, index) => {
    const height = level % TILE_HEIGHT;
    const begin = (index * 2 ** height) % TILE_WIDTH;
    return subtreesOf(hashes(tileWith(size, level, index)).slice(begin, begin + 2 ** height))(height, 0);
  };
}

/**
 * The hashes (32 bytes each) in a tile.
 * @param {Tile} tile @param {Uint8Array} data @returns {Uint8Array[]}
 * @throws {MalformedEncoding} if they are not as many as the tile is wide
 */
export function splitHashes({ width }, data) {
  if (data.length !== width * HASH_BYTES) {
    throw new MalformedEncoding('a tile has another number of hashes than its name says');
  }
  return Array.from({ length: width }, (_, i) => data.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}
