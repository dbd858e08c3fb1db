/**
 * Passes: an encryption of the handle whose randomness is also a one-time signing key. Spec: §3.7.
 *
 * The visitor and the authority each contribute half of that randomness. The operator knows who asks, the authority
 * knows which pass is made, and the answer is encrypted to the request itself, so that nobody knows both.
 *
 * @import { EpochKey } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { RandomBytes } from './primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { array, byteEncoded, bytes, message, uint32 } from './primitives/encoding.js';
import { InvalidAnswer, MalformedEncoding, SplitPassError } from './primitives/errors.js';
import { B, POINT_BYTES, Point, SCALAR_BYTES, Scalar, secureRandom } from './primitives/group.js';
import { digest32, encodings, frame } from './primitives/hashing.js';
import { EqualityProof, OwnershipProof, proveEncryptions, proveOwnership } from './primitives/proofs.js';
import { SIGNATURE_BYTES, verify } from './primitives/signatures.js';

export const REQUEST_BYTES = 2 * POINT_BYTES + 3 * SCALAR_BYTES;
export const PASS_BYTES = 2 * POINT_BYTES + SIGNATURE_BYTES;
export const ANSWER_BYTES = POINT_BYTES + SCALAR_BYTES + SIGNATURE_BYTES + 16;
export const MAX_BATCH = 50_000;

/** Every answer has a fresh key. */
export const ANSWER_NONCE = new Uint8Array(24);

/** `u0 || v0 || ownership proof`, 160 bytes: what the authority sees of a visitor. */
export class PassRequest {
  /** @param {Point} u0 @param {Point} v0 @param {OwnershipProof} ownership */
  constructor(u0, v0, ownership) {
    this.u0 = u0;
    this.v0 = v0;
    this.ownership = ownership;
    Object.freeze(this);
  }

  /** Decode 160 bytes. @param {Uint8Array} encoding @returns {PassRequest} @throws {Malformed} */
  static fromBytes(encoding) {
    if (encoding.length !== REQUEST_BYTES) {
      throw new MalformedEncoding(`a pass request has ${REQUEST_BYTES} bytes, not ${encoding.length}`);
    }
    return new PassRequest(
      Point.fromBytes(encoding.subarray(0, 32)),
      Point.fromBytes(encoding.subarray(32, 64)),
      OwnershipProof.fromBytes(encoding.subarray(64)),
    );
  }

  /** @returns {Uint8Array} */
  toBytes() {
    return concatBytes(this.u0.toBytes(), this.v0.toBytes(), this.ownership.toBytes());
  }
}

/**
 * A visitor's requests for one epoch, with one proof for the operator that all carry its handle.
 * @typedef {Decoded<typeof AllowanceRequest>} AllowanceRequest
 */
export const AllowanceRequest = message({
  epoch: uint32,
  requests: array(byteEncoded(PassRequest), 1, 1000),
  encryptions: byteEncoded(EqualityProof),
});

/**
 * One answer of 144 bytes for each request, in the order of the allowance that it answers.
 * @typedef {Decoded<typeof PassAnswers>} PassAnswers
 */
export const PassAnswers = message({ answers: array(bytes(ANSWER_BYTES), 1, MAX_BATCH) });

/**
 * What a visitor keeps between request and answer; `r0` is secret.
 * @typedef {{ r0: Scalar, u0: Point, v0: Point }} PendingPass
 */

/**
 * A pass (32, 32 and 64 bytes) for the epoch whose authority signed it; made by `acceptAnswer`.
 * @typedef {{ u: Uint8Array, v: Uint8Array, signature: Uint8Array }} Pass
 */

/**
 * A pass and its signing key `r`, with `u = r * B`. Whoever holds `r` can use the pass.
 * @typedef {{ public: Pass, r: Scalar }} OwnedPass
 */

/**
 * Request the domain's allowance of passes for the handle `U = h * B`.
 * Draws, per pass, 64 random bytes for `r0` and 64 for the ownership proof; then 32 for the batched proof.
 * Spec: §3.7, Requesting.
 * @param {EpochKey} epochKey @param {Scalar} h @param {RandomBytes} [randomBytes]
 * @returns {{ pending: PendingPass[], request: AllowanceRequest }}
 */
export function requestAllowance(epochKey, h, randomBytes = secureRandom) {
  const { X, context, domain, epoch } = epochKey;
  const U = h.times(B);
  const pending = [];
  const requests = [];
  for (let i = 0; i < domain.allowance; i += 1) {
    const r0 = Scalar.random(randomBytes);
    const u0 = r0.times(B);
    const v0 = U.plus(r0.times(X));
    pending.push({ r0, u0, v0 });
    requests.push(new PassRequest(u0, v0, proveOwnership(context, r0, h, X, u0, v0, randomBytes)));
  }
  const encryptions = proveEncryptions(
    context,
    pending.map((pass) => pass.r0),
    X,
    U,
    pending.map((pass) => pass.u0),
    pending.map((pass) => pass.v0),
    randomBytes,
  );
  return { pending, request: { epoch, requests, encryptions } };
}

/**
 * The pass that an answer makes of a request. Spec: §3.7, Accepting.
 * @param {EpochKey} epochKey @param {PendingPass} pending @param {Uint8Array} answer 144 bytes
 * @returns {OwnedPass}
 * @throws {InvalidAnswer} whatever is wrong
 */
export function acceptAnswer(epochKey, pending, answer) {
  const { r0, u0, v0 } = pending;
  const { X, passKey } = epochKey;
  if (answer.length !== ANSWER_BYTES) throw new InvalidAnswer(`an answer has ${ANSWER_BYTES} bytes`);
  try {
    const E = Point.fromBytes(answer.subarray(0, POINT_BYTES));
    const key = answerKey(epochKey, E, u0, r0.times(E));
    const plaintext = decrypt(key, answerData(epochKey, u0, v0), answer.subarray(POINT_BYTES));
    const c = Scalar.fromBytes(plaintext.subarray(0, SCALAR_BYTES));
    const signature = plaintext.slice(SCALAR_BYTES);
    const u = u0.plus(c.times(B)).toBytes();
    const v = v0.plus(c.times(X)).toBytes();
    if (!verify(passKey.toBytes(), passStatement(epochKey, u, v), signature)) {
      throw new InvalidAnswer('the signature does not hold');
    }
    return { public: { u, v, signature }, r: r0.plus(c) };
  } catch (error) {
    if (error instanceof SplitPassError) throw new InvalidAnswer('the answer is not a pass for this request');
    throw error;
  }
}

/**
 * The passes of an allowance; an answer that is not good spoils only itself and is left out. Spec: §3.7, Accepting.
 * @param {EpochKey} epochKey @param {PendingPass[]} pending @param {PassAnswers} answers
 * @returns {OwnedPass[]}
 * @throws {InvalidAnswer} if the number of answers is not that of the requests
 */
export function acceptAnswers(epochKey, pending, { answers }) {
  if (answers.length !== pending.length) {
    throw new InvalidAnswer('the number of answers is not that of the requests');
  }
  return pending.flatMap((pass, i) => {
    try {
      return [acceptAnswer(epochKey, pass, answers[i])];
    } catch (error) {
      if (error instanceof InvalidAnswer) return [];
      throw error;
    }
  });
}

/** `u || v || signature`, 128 bytes. @param {Pass} pass @returns {Uint8Array} */
export function passBytes({ u, v, signature }) {
  return concatBytes(u, v, signature);
}

/**
 * What the authority signs of a pass: tag, epoch context, `u` and `v`. Spec: §3.7, Issuing.
 * @param {EpochKey} epochKey @param {Uint8Array} u 32 bytes @param {Uint8Array} v 32 bytes @returns {Uint8Array}
 */
export function passStatement(epochKey, u, v) {
  return frame('pass', epochKey.context, u, v);
}

/**
 * What an answer is tied to besides its key. Spec: §3.7, Issuing.
 * @param {EpochKey} epochKey @param {Point} u0 @param {Point} v0 @returns {Uint8Array}
 */
export function answerData(epochKey, u0, v0) {
  return frame('pass-answer', epochKey.context, u0.toBytes(), v0.toBytes());
}

/**
 * The 32-byte key of an answer. Spec: §3.7, Issuing.
 * @param {EpochKey} epochKey @param {Point} E @param {Point} u0 @param {Point} shared `e * u0` @returns {Uint8Array}
 */
export function answerKey(epochKey, E, u0, shared) {
  return digest32('pass-answer-key', epochKey.context, encodings(E, u0, shared));
}

/** @param {Uint8Array} key @param {Uint8Array} data @param {Uint8Array} ciphertext */
function decrypt(key, data, ciphertext) {
  try {
    return xchacha20poly1305(key, ANSWER_NONCE, data).decrypt(ciphertext);
  } catch {
    throw new InvalidAnswer('the answer cannot be decrypted');
  }
}
