/**
 * The items of CBOR (RFC 8949) that messages are made of: integers, byte strings, texts, null, arrays, and an empty map.
 * Spec: §4.1.
 *
 * A library would be three times as long as all the rest of the encoding, most of it for what no message has.
 */

import { concatBytes } from '@noble/hashes/utils.js';
import { MalformedEncoding } from './errors.js';

const [UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP] = [0, 1, 2, 3, 4, 5];
const NULL = 0xf6;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The deterministic encoding of an item.
 * @param {unknown} item @returns {Uint8Array}
 * @throws {MalformedEncoding} if it is none of these, or a text that is not well formed
 */
export function encodeCbor(item) {
  if (item === null) return Uint8Array.of(NULL);
  if (typeof item === 'number' && Number.isSafeInteger(item)) {
    return item < 0 ? head(NEGATIVE, -1 - item) : head(UNSIGNED, item);
  }
  if (item instanceof Uint8Array) return concatBytes(head(BYTES, item.length), item);
  if (typeof item === 'string' && item.isWellFormed()) {
    const encoded = new TextEncoder().encode(item);
    return concatBytes(head(TEXT, encoded.length), encoded);
  }
  if (Array.isArray(item)) return joined([head(ARRAY, item.length), ...item.map(encodeCbor)]);
  if (item instanceof Map && item.size === 0) return head(MAP, 0);
  throw new MalformedEncoding('not an item that SplitPass uses');
}

/**
 * The item at the beginning of `data` and the place behind it. Whether it was encoded deterministically, `encodeCbor`
 * tells.
 * @param {Uint8Array} data @param {number} depth how deep arrays may be nested @param {number} [start]
 * @returns {{ item: unknown, end: number }}
 * @throws {MalformedEncoding} if there is none that SplitPass uses
 */
export function decodeCbor(data, depth, start = 0) {
  if (data[start] === NULL) return { item: null, end: start + 1 };
  const { major, value, end } = readHead(data, start);
  if (major >= ARRAY && depth === 0) throw new MalformedEncoding('nested too deep');
  switch (major) {
    case UNSIGNED:
      return { item: value, end };
    case NEGATIVE:
      return { item: -1 - value, end };
    case BYTES:
      return { item: slice(data, end, value), end: end + value };
    case TEXT:
      return { item: decodeText(slice(data, end, value)), end: end + value };
    case ARRAY: {
      const items = [];
      let place = end;
      for (let count = 0; count < value; count += 1) {
        const inner = decodeCbor(data, depth - 1, place);
        items.push(inner.item);
        place = inner.end;
      }
      return { item: items, end: place };
    }
    default:
      if (major === MAP && value === 0) return { item: new Map(), end };
      throw new MalformedEncoding('not an item that SplitPass uses');
  }
}

/** An item's type and its value or length, in the shortest form. @param {number} major @param {number} value */
function head(major, value) {
  const type = major << 5;
  if (value < 24) return Uint8Array.of(type | value);
  const length = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 32 ? 4 : 8;
  const encoded = new Uint8Array(1 + length);
  encoded[0] = type | (24 + Math.log2(length));
  for (let [place, rest] = [length, value]; place > 0; [place, rest] = [place - 1, Math.floor(rest / 256)]) {
    encoded[place] = rest % 256;
  }
  return encoded;
}

/** What `concatBytes` gives, also of more parts than a call can have arguments. @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/** @param {Uint8Array} data @param {number} start */
function readHead(data, start) {
  if (start >= data.length) throw new MalformedEncoding('there is less than one item');
  const [major, information] = [data[start] >> 5, data[start] & 31];
  if (information < 24) return { major, value: information, end: start + 1 };
  if (information > 27) throw new MalformedEncoding('a length is not definite');
  const length = 2 ** (information - 24);
  const value = slice(data, start + 1, length).reduce((total, byte) => total * 256 + byte, 0);
  if (!Number.isSafeInteger(value)) throw new MalformedEncoding('a number is too large');
  return { major, value, end: start + 1 + length };
}

/** @param {Uint8Array} data @param {number} start @param {number} length */
function slice(data, start, length) {
  if (start + length > data.length) throw new MalformedEncoding('an item is longer than what is there');
  return data.slice(start, start + length);
}

/** @param {Uint8Array} encoded */
function decodeText(encoded) {
  try {
    return utf8.decode(encoded);
  } catch {
    throw new MalformedEncoding('a text is not UTF-8');
  }
}
