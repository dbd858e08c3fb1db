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

/**
 * The complete subtrees of a tree: the hash (32 bytes) of the one with `2 ** level` leaves from leaf
 * `index * 2 ** level` on.
 * @typedef {(level: number, index: number) => Uint8Array} Subtrees
 */

/**
 * The complete subtrees of the tree with these leaf hashes, all in memory.
 * @param {Uint8Array[]} leaves @returns {Subtrees}
 */
export function subtreesOf(leaves) {
  const levels = [leaves];
  for (let below = leaves; below.length > 1; below = levels[levels.length - 1]) {
    levels.push(Array.from({ length: half(below.length) }, (_, i) => nodeHash(below[2 * i], below[2 * i + 1])));
  }
  return (level, index) => levels[level][index];
}

/**
 * The root (32 bytes) of the tree of the first `size` entries.
 * @param {Subtrees} subtrees @param {number} size @returns {Uint8Array}
 */
export function rootOf(subtrees, size) {
  return size === 0 ? EMPTY_ROOT : rootBetween(subtrees, 0, size);
}

/**
 * Hashes (32 bytes each) that prove that the first `oldSize` entries of a tree of `size` stayed. Spec: §3.11, Trees.
 * @param {Subtrees} subtrees @param {number} oldSize at most `size` @param {number} size @returns {Uint8Array[]}
 */
export function proveConsistency(subtrees, oldSize, size) {
  if (oldSize === 0) return [];
  let [begin, end] = [0, size];
  const proof = [];
  while (end !== oldSize) {
    const middle = begin + 2 ** (bitLength(end - begin - 1) - 1);
    if (oldSize <= middle) {
      proof.push(rootBetween(subtrees, middle, end));
      end = middle;
    } else {
      proof.push(rootBetween(subtrees, begin, middle));
      begin = middle;
    }
  }
  if (begin > 0) proof.push(rootBetween(subtrees, begin, end));
  return proof.reverse();
}

/**
 * The root of the leaves `first` to `end`, a range that RFC 9162 splits off.
 * @param {Subtrees} subtrees @param {number} first @param {number} end
 */
function rootBetween(subtrees, first, end) {
  const hashes = [];
  for (let begin = first; begin < end; begin += 2 ** (bitLength(end - begin) - 1)) {
    const level = bitLength(end - begin) - 1;
    hashes.push(subtrees(level, begin / 2 ** level));
  }
  return hashes.reduceRight((root, subtree) => nodeHash(subtree, root));
}

/** @param {number} value */
const bitLength = (value) => value.toString(2).length;
/** @param {number} value */
const isOdd = (value) => value % 2 === 1;
/** @param {number} value */
const half = (value) => Math.floor(value / 2);
