/**
 * Ed25519 under one rule for everyone, and signing with a raw scalar. Spec: §3.4.
 *
 * The rule is cofactorless: `S * B == R + k * A` exactly, with canonical `A` and `R`, `S < L`, and neither `A` nor `R`
 * of small order. A door and an escrow party that disagreed on one signature would give a visitor a way to be
 * admitted and never be found.
 *
 * @import { RandomBytes } from './group.js'
 */

import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { B, POINT_BYTES, Scalar, holdsWithoutCofactor, secureRandom } from './group.js';
import { nonce } from './hashing.js';

export const SIGNATURE_BYTES = 64;

/**
 * Whether `signature` is valid for `message` under the key `publicKey`, by the rule above.
 * Spec: §3.4, One rule for Ed25519.
 * @param {Uint8Array} publicKey 32 bytes @param {Uint8Array} message @param {Uint8Array} signature 64 bytes
 * @returns {boolean}
 */
export function verify(publicKey, message, signature) {
  if (publicKey.length !== POINT_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const [R, S] = [signature.subarray(0, 32), signature.subarray(32)];
  return holdsWithoutCofactor(publicKey, R, S, challenge(R, publicKey, message));
}

/**
 * An ordinary Ed25519 signature of `message` under `u = r * B`, made from the scalar itself. Draws 32 random bytes.
 * The nonce is hedged over the whole message. Spec: §3.4, Signing with a scalar.
 * @param {Scalar} r
 * @param {Uint8Array} u the 32-byte encoding
 * @param {Uint8Array} message
 * @param {RandomBytes} [randomBytes]
 * @returns {Uint8Array} 64 bytes
 */
export function signWithScalar(r, u, message, randomBytes = secureRandom) {
  const k = nonce(randomBytes, 'signature', r, concatBytes(u, message));
  const R = k.times(B).toBytes();
  return concatBytes(R, k.plus(challenge(R, u, message).times(r)).toBytes());
}

/** @param {Uint8Array} R @param {Uint8Array} A @param {Uint8Array} message */
function challenge(R, A, message) {
  return Scalar.reduce(sha512(concatBytes(R, A, message)));
}
