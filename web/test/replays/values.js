/** How values stand in a vector file, and recorded randomness. */

import assert from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Point, Scalar } from '../../protocol/primitives/group.js';

export const hex = (value) => {
  const data = hexToBytes(value);
  assert.equal(bytesToHex(data), value, 'hex is in lower case');
  return data;
};
export const string = (value) => {
  assert.equal(typeof value, 'string');
  return value;
};
export const number = (value) => {
  assert.ok(Number.isInteger(value));
  return value;
};
export const point = (value) => Point.fromBytes(hex(value));
export const scalar = (value) => Scalar.fromBytes(hex(value));
export const encoded = (type) => (value) => type.fromBytes(hex(value));
export const list = (decode) => (values) => values.map(decode);
export const nullable = (decode) => (value) => (value === null ? null : decode(value));
export const byEpoch = (decode) => (value) =>
  new Map(Object.entries(value).map(([epoch, one]) => [Number(epoch), decode(one)]));
export const ownedPass = (bytes, r) => ({
  public: { u: bytes.slice(0, 32), v: bytes.slice(32, 64), signature: bytes.slice(64) },
  r,
});

/** A source of randomness that gives the recorded draws in their order, each of the recorded length. */
export const draws = (values) => {
  const left = values.map(hex);
  const source = (length) => {
    const draw = left.shift();
    assert.equal(draw?.length, length, 'a draw of another length');
    return draw;
  };
  source.assertUsed = () => assert.equal(left.length, 0, 'draws that were not made');
  return source;
};

/** A value as it stands in a file. */
export function plain(value) {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (value instanceof Uint8Array) return bytesToHex(value);
  if (typeof value.toBytes === 'function') return bytesToHex(value.toBytes());
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
