/**
 * Checked points and scalars of the prime-order subgroup of Ed25519, written additively. Spec: §3.1.
 *
 * Decoding checks once; arithmetic afterwards happens only on checked values, so that formulas read as in the
 * spec: `u = u0.plus(c.times(B))`. The curve arithmetic is that of `@noble/curves`.
 *
 * Not constant-time: JavaScript's BigInt arithmetic, just-in-time compilation and garbage collection take time that
 * depends on secret values, and secrets cannot be wiped from memory. `times` uses the library's fixed-window
 * multiplication, which hides which additions are made but not how long one takes. This is acceptable for a
 * visitor's own device, where who can time it locally can read its storage too; a key holder must not use it.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { randomBytes as secureRandom } from '@noble/hashes/utils.js';
import { IdentityElement, MalformedPoint, MalformedScalar } from './errors.js';

export { secureRandom };

/**
 * A source of randomness: given a number of bytes, returns that many. `secureRandom` unless a test pins it.
 * @typedef {(length: number) => Uint8Array} RandomBytes
 */

export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;

const Curve = ed25519.Point;
const L = Curve.Fn.ORDER;

/** A point of the prime-order subgroup other than the identity. */
export class Point {
  #point;

  /** @param {InstanceType<typeof Curve>} point a point known to be in the subgroup; others use `fromBytes` */
  constructor(point) {
    if (point.is0()) throw new IdentityElement('the result is the identity');
    this.#point = point;
    Object.freeze(this);
  }

  /**
   * @param {Uint8Array} encoding 32 bytes
   * @returns {Point}
   * @throws {MalformedPoint} unless they are the canonical encoding of such a point
   */
  static fromBytes(encoding) {
    if (encoding.length !== POINT_BYTES) {
      throw new MalformedPoint(`a point has ${POINT_BYTES} bytes, not ${encoding.length}`);
    }
    const point = decodeCanonical(encoding);
    if (point === null || point.is0() || !point.isTorsionFree()) {
      throw new MalformedPoint('not a canonical point of the prime-order subgroup');
    }
    return new Point(point);
  }

  /** @param {Point} other @returns {Point} @throws {IdentityElement} */
  plus(other) {
    return new Point(this.#point.add(other.#point));
  }

  /** @param {Point} other @returns {Point} @throws {IdentityElement} */
  minus(other) {
    return new Point(this.#point.subtract(other.#point));
  }

  /** `scalar * this`, for a scalar other than zero. @param {bigint} scalar @returns {Point} */
  multiply(scalar) {
    return new Point(this.#point.multiply(scalar));
  }

  /** @returns {Uint8Array} the 32-byte encoding */
  toBytes() {
    return this.#point.toBytes();
  }

  /** @param {Point} other @returns {boolean} */
  equals(other) {
    return this.#point.equals(other.#point);
  }
}

/** An integer modulo the group order L, possibly secret: nothing that prints an object shows it. */
export class Scalar {
  #value;

  /** @param {bigint} value at least 0 and below L */
  constructor(value) {
    this.#value = value;
    Object.freeze(this);
  }

  /**
   * @param {Uint8Array} encoding 32 bytes, little-endian
   * @returns {Scalar}
   * @throws {MalformedScalar} unless they are below L
   */
  static fromBytes(encoding) {
    if (encoding.length !== SCALAR_BYTES) {
      throw new MalformedScalar(`a scalar has ${SCALAR_BYTES} bytes, not ${encoding.length}`);
    }
    const value = littleEndian(encoding);
    if (value >= L) throw new MalformedScalar('a scalar must be below the group order');
    return new Scalar(value);
  }

  /**
   * The scalar that uniform bytes stand for modulo L.
   * @param {Uint8Array} wide 64 bytes, little-endian @returns {Scalar}
   */
  static reduce(wide) {
    return new Scalar(littleEndian(wide) % L);
  }

  /**
   * A uniform scalar other than zero, from 64 bytes of `randomBytes` (again 64 if they give zero).
   * @param {RandomBytes} [randomBytes] @returns {Scalar}
   */
  static random(randomBytes = secureRandom) {
    let scalar;
    do scalar = Scalar.reduce(randomBytes(64));
    while (scalar.#value === 0n);
    return scalar;
  }

  /** @param {Scalar} other @returns {Scalar} */
  plus(other) {
    return new Scalar((this.#value + other.#value) % L);
  }

  /**
   * The product with a scalar or a point.
   * @template {Scalar | Point} T
   * @param {T} other
   * @returns {T}
   * @throws {IdentityElement} if a point times this scalar is the identity
   */
  times(other) {
    if (other instanceof Scalar) return /** @type {T} */ (new Scalar((this.#value * other.#value) % L));
    if (this.#value === 0n) throw new IdentityElement('the result is the identity');
    return /** @type {T} */ (other.multiply(this.#value));
  }

  /** @returns {Uint8Array} the 32-byte little-endian encoding */
  toBytes() {
    return Curve.Fn.toBytes(this.#value);
  }

  /** @param {Scalar} other @returns {boolean} */
  equals(other) {
    return this.#value === other.#value;
  }

  toString() {
    return 'Scalar(hidden)';
  }
}

/** The base point of Ed25519. */
export const B = new Point(Curve.BASE);

/**
 * Whether `S * B == R + k * A` exactly, with canonical `A` and `R`, `S < L`, and neither of small order: the rule for
 * signatures (§3.4). The library's own `verify` multiplies by the cofactor and accepts more. All of it is public.
 * @param {Uint8Array} A 32 bytes @param {Uint8Array} R 32 bytes @param {Uint8Array} S 32 bytes @param {Scalar} k
 * @returns {boolean}
 */
export function holdsWithoutCofactor(A, R, S, k) {
  const [publicKey, commitment, response] = [decodeCanonical(A), decodeCanonical(R), littleEndian(S)];
  if (publicKey === null || commitment === null || response >= L) return false;
  if (publicKey.isSmallOrder() || commitment.isSmallOrder()) return false;
  const right = commitment.add(publicKey.multiplyUnsafe(littleEndian(k.toBytes())));
  return Curve.BASE.multiplyUnsafe(response).equals(right);
}

/**
 * Any point of the curve, from its canonical encoding; null if there is none.
 * @param {Uint8Array} encoding
 */
function decodeCanonical(encoding) {
  try {
    return Curve.fromBytes(encoding, false);
  } catch {
    return null;
  }
}

/** @param {Uint8Array} bytes @returns {bigint} */
function littleEndian(bytes) {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
