/**
 * Merkle trees of append-only logs, as in RFC 9162 section 2.1, with SHA-256. Spec: §3.11.
 *
 * Sizes and indexes are below 2 ** 53, hashes are 32 bytes.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { sameBytes } from '../primitives/encoding.js';

export const HASH_BYTES = 32;
export const EMPTY_ROOT = sha256(Uint8Array.of());

/**
 * The hash (32 bytes) of one entry. Spec: §3.11, Trees.
 * @param {Uint8Array} data @returns {Uint8Array}
 */
export function leafHash(data) {
  return sha256(concatBytes(Uint8Array.of(0), data));
}

/**
 * The hash (32 bytes) of two subtrees. Spec: §3.11, Trees.
 * @param {Uint8Array} left @param {Uint8Array} right @returns {Uint8Array}
 */
export function nodeHash(left, right) {
  return sha256(concatBytes(Uint8Array.of(1), left, right));
}

/**
 * Whether the entry with the hash `leaf` is entry `index` of the tree of `size` entries with this root.
 * Spec: §3.11, Trees.
 * @param {Uint8Array} leaf 32 bytes @param {number} index @param {number} size
 * @param {Uint8Array[]} proof hashes of 32 bytes @param {Uint8Array} root 32 bytes
 * @returns {boolean}
 */
export function verifyInclusion(leaf, index, size, proof, root) {
  if (index < 0 || index >= size) return false;
  let [left, last, computed] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false;
    if (isOdd(left) || left === last) {
      computed = nodeHash(sibling, computed);
      while (left !== 0 && !isOdd(left)) [left, last] = [half(left), half(last)];
    } else {
      computed = nodeHash(computed, sibling);
    }
    [left, last] = [half(left), half(last)];
  }
  return last === 0 && sameBytes(computed, root);
}

/**
 * Whether the tree of `oldSize` entries with `oldRoot` is the beginning of that of `size` entries with `root`.
 * Spec: §3.11, Trees.
 * @param {number} oldSize @param {Uint8Array} oldRoot 32 bytes @param {number} size @param {Uint8Array} root 32 bytes
 * @param {Uint8Array[]} proof hashes of 32 bytes
 * @returns {boolean}
 */
export function verifyConsistency(oldSize, oldRoot, size, root, proof) {
  if (oldSize < 0 || oldSize > size || proof.some((subtree) => subtree.length !== HASH_BYTES)) return false;
  if (oldSize === size) return proof.length === 0 && sameBytes(oldRoot, root);
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, EMPTY_ROOT);
  let [left, last] = [oldSize - 1, size - 1];
  while (isOdd(left)) [left, last] = [half(left), half(last)];
  const [first, ...rest] = left === 0 ? [oldRoot, ...proof] : proof; // a whole subtree is not sent again
  if (first === undefined) return false;
  let [oldComputed, computed] = [first, first];
  for (const subtree of rest) {
    if (last === 0) return false;
    if (isOdd(left) || left === last) {
      [oldComputed, computed] = [nodeHash(subtree, oldComputed), nodeHash(subtree, computed)];
      while (left !== 0 && !isOdd(left)) [left, last] = [half(left), half(last)];
    } else {
      computed = nodeHash(computed, subtree);
    }
    [left, last] = [half(left), half(last)];
  }
  return last === 0 && sameBytes(oldComputed, oldRoot) && sameBytes(computed, root);
}

/** @param {number} value */
const isOdd = (value) => value % 2 === 1;
/** @param {number} value */
const half = (value) => Math.floor(value / 2);
