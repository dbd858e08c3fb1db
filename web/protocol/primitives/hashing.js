/**
 * Tagged hashing: SHA-512 over a name and length-prefixed parts. Spec: §3.2.
 *
 * Every use of a hash has its own tag, and no two different lists of parts give the same input.
 *
 * @import { Point, RandomBytes } from './group.js'
 */

import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { Scalar } from './group.js';

const TAG_PREFIX = 'SplitPass/v1/';

/** The domain-separation tag of `name`, as ASCII bytes. @param {string} name @returns {Uint8Array} */
export function tag(name) {
  return ascii(TAG_PREFIX + name);
}

/** The bytes of an ASCII text. @param {string} text @returns {Uint8Array} */
export function ascii(text) {
  return new TextEncoder().encode(text);
}

/**
 * A number as `length` bytes, big-endian.
 * @param {number} value at least 0 and below 2 ** 32 @param {number} length 1 to 4 @returns {Uint8Array}
 */
export function bigEndian(value, length) {
  return Uint8Array.from({ length }, (_, i) => value >>> (8 * (length - 1 - i)));
}

/**
 * The tag and every part, each behind its length as 4 bytes, big-endian.
 * @param {string} name @param {...Uint8Array} parts @returns {Uint8Array}
 */
export function frame(name, ...parts) {
  return concatBytes(...[tag(name), ...parts].flatMap((part) => [bigEndian(part.length, 4), part]));
}

/** SHA-512 of the framed parts: 64 bytes. @param {string} name @param {...Uint8Array} parts @returns {Uint8Array} */
export function digest(name, ...parts) {
  return sha512(frame(name, ...parts));
}

/**
 * The first 32 bytes of `digest`: for keys, indexes and contexts.
 * @param {string} name @param {...Uint8Array} parts @returns {Uint8Array}
 */
export function digest32(name, ...parts) {
  return digest(name, ...parts).slice(0, 32);
}

/** `digest` modulo the group order. @param {string} name @param {...Uint8Array} parts @returns {Scalar} */
export function hashToScalar(name, ...parts) {
  return Scalar.reduce(digest(name, ...parts));
}

/**
 * A hedged nonce: 32 fresh bytes hashed with a label, the secret and the whole statement.
 *
 * It stays secret and unrepeated when either the randomness is good or the secret is unknown. `label`
 * separates several nonces of one proof.
 * @param {RandomBytes} randomBytes
 * @param {string} label ASCII
 * @param {Scalar} secret
 * @param {Uint8Array} statement
 * @returns {Scalar}
 */
export function nonce(randomBytes, label, secret, statement) {
  return hashToScalar('nonce', randomBytes(32), ascii(label), secret.toBytes(), statement);
}

/**
 * The 32-byte encodings of `points`, one after the other.
 * @param {...Point} points
 * @returns {Uint8Array}
 */
export function encodings(...points) {
  return concatBytes(...points.map((point) => point.toBytes()));
}
