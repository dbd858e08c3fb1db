/**
 * How values stand in a vector file, and recorded randomness.
 *
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 */

import assert from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Point, Scalar } from '../../protocol/primitives/group.js';

/** What stands in a file, decoded. @template T @typedef {(value: unknown) => T} Decode */
/** Recorded randomness. @typedef {RandomBytes & { assertUsed: () => void }} Draws */

/** @type {Decode<string>} */
export const string = (value) => {
  assert.ok(typeof value === 'string');
  return value;
};

/** @type {Decode<number>} */
export const number = (value) => {
  assert.ok(typeof value === 'number' && Number.isInteger(value));
  return value;
};

/** @type {Decode<Uint8Array>} */
export const hex = (value) => {
  const data = hexToBytes(string(value));
  assert.equal(bytesToHex(data), value, 'hex is in lower case');
  return data;
};

/** @type {Decode<string>} */
export const asciiInHex = (value) => String.fromCharCode(...hex(value));

/** @template T @param {{ fromBytes: (encoding: Uint8Array) => T }} type @returns {Decode<T>} */
export const encoded = (type) => (value) => type.fromBytes(hex(value));

export const point = encoded(Point);
export const scalar = encoded(Scalar);

/** @template T @param {Decode<T>} decode @returns {Decode<T[]>} */
export const list = (decode) => (values) => {
  assert.ok(Array.isArray(values));
  return values.map((value) => decode(value));
};

/** @template T @param {Decode<T>} decode @returns {Decode<T | null>} */
export const nullable = (decode) => (value) => (value === null ? null : decode(value));

/** An object whose keys are numbers. @template T @param {Decode<T>} decode @returns {Decode<Map<number, T>>} */
export const numbered = (decode) => (values) => {
  assert.ok(typeof values === 'object' && values !== null);
  return new Map(Object.entries(values).map(([key, value]) => [Number(key), decode(value)]));
};

/**
 * A source of randomness that gives the recorded draws in their order, each of the recorded length.
 * @type {Decode<Draws>}
 */
export const draws = (values) => {
  const left = list(hex)(values);
  /** @type {RandomBytes} */
  const source = (length) => {
    const draw = left.shift();
    assert.ok(draw?.length === length, 'a draw of another length');
    return draw;
  };
  return Object.assign(source, { assertUsed: () => assert.equal(left.length, 0, 'draws that were not made') });
};

/** @param {unknown} value @returns {value is Draws} */
export const isDraws = (value) => typeof value === 'function' && 'assertUsed' in value;

/**
 * A value as it stands in a file.
 * @param {unknown} value @returns {unknown}
 */
export function plain(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return bytesToHex(value);
  if ('toBytes' in value && typeof value.toBytes === 'function') return bytesToHex(value.toBytes());
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
