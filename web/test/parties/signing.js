/**
 * Signing statements with a seed, as the parties and venues do. Spec: §3.4.
 *
 * @import { SignedMessage } from '../../protocol/primitives/encoding.js'
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { encodeItem } from '../../protocol/primitives/encoding.js';
import { Point } from '../../protocol/primitives/group.js';
import { PROTECTED, TAG_18, toBeSigned } from '../../protocol/primitives/statements.js';

/** @param {Uint8Array} seed 32 bytes @param {Uint8Array} message @returns {Uint8Array} 64 bytes */
export function sign(seed, message) {
  return ed25519.sign(message, seed);
}

/** @param {Uint8Array} seed 32 bytes @returns {Point} */
export function publicKey(seed) {
  return Point.fromBytes(ed25519.getPublicKey(seed));
}

/**
 * The signed statement of an encoded message.
 * @param {string} tag @param {Uint8Array} payload @param {Uint8Array} seed
 */
export function signPayload(tag, payload, seed) {
  const signature = sign(seed, toBeSigned(tag, payload));
  return concatBytes(Uint8Array.of(TAG_18), encodeItem([PROTECTED, new Map(), payload, signature]));
}

/**
 * The signed statement of a message.
 * @template T @param {SignedMessage<T>} kind @param {T} value @param {Uint8Array} seed
 */
export function signStatement(kind, value, seed) {
  return signPayload(kind.tag, kind.toBytes(value), seed);
}
