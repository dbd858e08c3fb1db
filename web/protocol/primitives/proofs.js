/**
 * Fiat-Shamir proofs of knowledge, equality and ownership, and batched equality. Spec: §3.3.
 *
 * Every challenge covers the tag, the context, all bases, all inputs and all commitments. A proof is the challenge
 * followed by the responses, 32 bytes each; the verifier recomputes the commitments. Provers check their own proof
 * before they return it.
 *
 * @import { Point, RandomBytes } from './group.js'
 */

import { concatBytes } from '@noble/hashes/utils.js';
import { IdentityElement, InvalidProof, MalformedEncoding } from './errors.js';
import { B, SCALAR_BYTES, Scalar, secureRandom } from './group.js';
import { bigEndian, digest, encodings, frame, hashToScalar, nonce } from './hashing.js';

/** A challenge and its responses. */
class Proof {
  /** How many responses there are. */
  static RESPONSES = 0;

  /** @param {Scalar} challenge @param {Scalar[]} responses */
  constructor(challenge, responses) {
    this.challenge = challenge;
    this.responses = responses;
    Object.freeze(this);
  }

  /**
   * Decode 32 bytes of challenge and 32 for each response.
   * @param {Uint8Array} encoding @returns {Proof} @throws {MalformedEncoding | MalformedScalar}
   */
  static fromBytes(encoding) {
    const size = SCALAR_BYTES * (1 + this.RESPONSES);
    if (encoding.length !== size) {
      throw new MalformedEncoding(`a ${this.name} has ${size} bytes, not ${encoding.length}`);
    }
    const [challenge, ...responses] = Array.from({ length: 1 + this.RESPONSES }, (_, i) =>
      Scalar.fromBytes(encoding.subarray(SCALAR_BYTES * i, SCALAR_BYTES * (i + 1))),
    );
    return new this(challenge, responses);
  }

  /** @returns {Uint8Array} */
  toBytes() {
    return concatBytes(this.challenge.toBytes(), ...this.responses.map((response) => response.toBytes()));
  }
}

/** Knowledge of `x` with `X = x * B`: 64 bytes. */
export class KnowledgeProof extends Proof {
  static RESPONSES = 1;
}

/** Knowledge of one `w` with `P = w * G` and `Q = w * H`: 64 bytes. */
export class EqualityProof extends Proof {
  static RESPONSES = 1;
}

/** Knowledge of `r0` and `h` with `u0 = r0 * B` and `v0 = h * B + r0 * X`: 96 bytes. */
export class OwnershipProof extends Proof {
  static RESPONSES = 2;
}

/**
 * Prove knowledge of the logarithm `x` of `X`. Draws 32 random bytes. Spec: §3.3, Knowledge of a logarithm.
 * @param {string} name what the proof is for
 * @param {Uint8Array} context any length
 * @param {Scalar} x
 * @param {Point} X
 * @param {RandomBytes} [randomBytes]
 * @returns {KnowledgeProof}
 * @throws {InvalidProof} if `X` is not `x * B`
 */
export function proveKnowledge(name, context, x, X, randomBytes = secureRandom) {
  const statement = knowledgeStatement(name, context, X);
  const k = nonce(randomBytes, 'x', x, statement);
  const c = hashToScalar('challenge', statement, k.times(B).toBytes());
  const proof = new KnowledgeProof(c, [k.plus(c.times(x))]);
  return checkedProof(proof, verifyKnowledge(name, context, X, proof));
}

/**
 * Whether `proof` shows knowledge of the logarithm of `X` for this name and context.
 * Spec: §3.3, Knowledge of a logarithm.
 * @param {string} name @param {Uint8Array} context @param {Point} X @param {KnowledgeProof} proof @returns {boolean}
 */
export function verifyKnowledge(name, context, X, proof) {
  const { challenge: c, responses: [s] } = proof;
  return falseIfIdentity(() => {
    const commitment = s.times(B).minus(c.times(X));
    return c.equals(hashToScalar('challenge', knowledgeStatement(name, context, X), commitment.toBytes()));
  });
}

/** @param {string} name @param {Uint8Array} context @param {Point} X */
function knowledgeStatement(name, context, X) {
  return frame(`${name}/knowledge`, context, encodings(B, X));
}

/**
 * Prove that `(u0, v0)` encrypts to `X` a handle whose secret key `h` the prover knows. Draws 64 random bytes.
 * Spec: §3.3, Ownership of a pass request.
 * @param {Uint8Array} context the 32-byte epoch context
 * @param {Scalar} r0 @param {Scalar} h @param {Point} X @param {Point} u0 @param {Point} v0
 * @param {RandomBytes} [randomBytes]
 * @returns {OwnershipProof}
 * @throws {InvalidProof} if `u0` is not `r0 * B` or `v0` is not `h * B + r0 * X`
 */
export function proveOwnership(context, r0, h, X, u0, v0, randomBytes = secureRandom) {
  const statement = ownershipStatement(context, X, u0, v0);
  const kR = nonce(randomBytes, 'r0', r0, statement);
  const kH = nonce(randomBytes, 'h', h, statement);
  const commitments = [kR.times(B), kH.times(B).plus(kR.times(X))];
  const c = hashToScalar('challenge', statement, encodings(...commitments));
  const proof = new OwnershipProof(c, [kR.plus(c.times(r0)), kH.plus(c.times(h))]);
  return checkedProof(proof, verifyOwnership(context, X, u0, v0, proof));
}

/**
 * Whether `proof` shows knowledge of `r0` and `h` with `u0 = r0 * B` and `v0 = h * B + r0 * X`.
 * Spec: §3.3, Ownership of a pass request.
 * @param {Uint8Array} context the 32-byte epoch context
 * @param {Point} X @param {Point} u0 @param {Point} v0 @param {OwnershipProof} proof
 * @returns {boolean}
 */
export function verifyOwnership(context, X, u0, v0, proof) {
  const { challenge: c, responses: [sR, sH] } = proof;
  return falseIfIdentity(() => {
    const commitments = [sR.times(B).minus(c.times(u0)), sH.times(B).plus(sR.times(X)).minus(c.times(v0))];
    const statement = ownershipStatement(context, X, u0, v0);
    return c.equals(hashToScalar('challenge', statement, encodings(...commitments)));
  });
}

/** @param {Uint8Array} context @param {Point} X @param {Point} u0 @param {Point} v0 */
function ownershipStatement(context, X, u0, v0) {
  return frame('pass-request/ownership', context, encodings(B, X, u0, v0));
}

/**
 * Prove knowledge of `w` with `P = w * G` and `Q = w * H`. Draws 32 random bytes. Spec: §3.3, Equality of logarithms.
 * @param {string} name @param {Uint8Array} context @param {Scalar} w
 * @param {Point} G @param {Point} H @param {Point} P @param {Point} Q
 * @param {RandomBytes} randomBytes
 * @returns {EqualityProof}
 * @throws {InvalidProof} if one of them is false
 */
export function proveEquality(name, context, w, G, H, P, Q, randomBytes) {
  const statement = equalityStatement(name, context, G, H, P, Q);
  const k = nonce(randomBytes, 'w', w, statement);
  const c = hashToScalar('challenge', statement, encodings(k.times(G), k.times(H)));
  const proof = new EqualityProof(c, [k.plus(c.times(w))]);
  return checkedProof(proof, verifyEquality(name, context, G, H, P, Q, proof));
}

/**
 * Whether `proof` shows knowledge of one `w` with `P = w * G` and `Q = w * H`. Spec: §3.3, Equality of logarithms.
 * @param {string} name @param {Uint8Array} context @param {Point} G @param {Point} H @param {Point} P @param {Point} Q
 * @param {EqualityProof} proof @returns {boolean}
 */
export function verifyEquality(name, context, G, H, P, Q, proof) {
  const { challenge: c, responses: [s] } = proof;
  return falseIfIdentity(() => {
    const commitments = [s.times(G).minus(c.times(P)), s.times(H).minus(c.times(Q))];
    const statement = equalityStatement(name, context, G, H, P, Q);
    return c.equals(hashToScalar('challenge', statement, encodings(...commitments)));
  });
}

/**
 * @param {string} name @param {Uint8Array} context
 * @param {Point} G @param {Point} H @param {Point} P @param {Point} Q
 */
function equalityStatement(name, context, G, H, P, Q) {
  return frame(`${name}/equality`, context, encodings(G, H, P, Q));
}

/**
 * Prove that every `(u0[i], v0[i])` encrypts the handle `U` to `X`: `u0 = r0 * B` and `v0 - U = r0 * X`.
 * Draws 32 random bytes. Spec: §3.3, Batches.
 * @param {Uint8Array} context the 32-byte epoch context
 * @param {Scalar[]} r0 @param {Point} X @param {Point} U @param {Point[]} u0 @param {Point[]} v0
 * @param {RandomBytes} [randomBytes]
 * @returns {EqualityProof} one that does not hold if a pair is wrong: both sums are made of the secret
 */
export function proveEncryptions(context, r0, X, U, u0, v0, randomBytes = secureRandom) {
  const [seed, a] = batch('allowance', context, [B, X, U], u0, v0);
  const w = sum(a.map((aI, i) => aI.times(r0[i])));
  return proveEquality('allowance', seed, w, B, X, w.times(B), w.times(X), randomBytes);
}

/**
 * Whether every `(u0[i], v0[i])` encrypts the handle `U` to `X`. Both arrays have one length, at least 1.
 * Spec: §3.3, Batches.
 * @param {Uint8Array} context @param {Point} X @param {Point} U @param {Point[]} u0 @param {Point[]} v0
 * @param {EqualityProof} proof @returns {boolean}
 */
export function verifyEncryptions(context, X, U, u0, v0, proof) {
  return falseIfIdentity(() => {
    const [seed, a] = batch('allowance', context, [B, X, U], u0, v0);
    const P = combine(a, u0);
    const Q = combine(a, v0).minus(sum(a).times(U));
    return verifyEquality('allowance', seed, B, X, P, Q, proof);
  });
}

/**
 * A 64-byte seed over the whole batch, and one coefficient per pair.
 *
 * A coefficient depends on every pair: one that depended on its own pair alone could be chosen so that errors cancel.
 * Spec: §3.3, Batches.
 * @param {string} name @param {Uint8Array} context
 * @param {Point[]} bases @param {Point[]} left @param {Point[]} right
 * @returns {[Uint8Array, Scalar[]]}
 */
export function batch(name, context, bases, left, right) {
  const seed = digest(`${name}/batch`, context, encodings(...bases), encodings(...left), encodings(...right));
  return [seed, left.map((_, i) => hashToScalar(`${name}/coefficient`, seed, bigEndian(i, 4)))];
}

/**
 * `sum(a_i * P_i)`.
 * @param {Scalar[]} a @param {Point[]} points @returns {Point} @throws {IdentityElement}
 */
export function combine(a, points) {
  return sum(a.map((aI, i) => aI.times(points[i])));
}

/**
 * The sum of at least one scalar or point.
 * @template {{ plus: (other: T) => T }} T @param {T[]} terms @returns {T} @throws {IdentityElement}
 */
export function sum(terms) {
  return terms.reduce((total, term) => total.plus(term));
}

/** @param {() => boolean} check @returns {boolean} */
function falseIfIdentity(check) {
  try {
    return check();
  } catch (error) {
    if (error instanceof IdentityElement) return false;
    throw error;
  }
}

/** @template T @param {T} proof @param {boolean} holds @returns {T} */
function checkedProof(proof, holds) {
  if (!holds) throw new InvalidProof('the statement to prove is false');
  return proof;
}
