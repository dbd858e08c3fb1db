/**
 * Deterministic CBOR and the messages made of it. Spec: §4.1.
 *
 * A message is a CBOR array of its fields in order. Decoding is strict: bounded size and depth, no tags, no
 * indefinite lengths, every item of the declared type and size, and the result encoded again must give the same
 * bytes. There is exactly one encoding of every message.
 */

import { Tokenizer, decode as decodeCbor, encode as encodeCbor } from 'cborg';
import { MalformedEncoding } from './errors.js';

export const MAX_DEPTH = 8;
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * How a value of one declared type becomes a CBOR item, and back. Both directions check it.
 * @template T
 * @typedef {{ encode: (value: T) => unknown, decode: (item: unknown) => T }} Codec
 */

/**
 * A message type: its fields are the keys of a frozen object, in the order of the wire format.
 * `tag` is the name of the statement, for messages that are signed (§3.4).
 * @template T
 * @typedef {Codec<T> & { tag?: string, toBytes: (value: T) => Uint8Array, fromBytes: (data: Uint8Array) => T }} Message
 */

/** The deterministic encoding of an item made of integers, byte strings, texts, null, arrays and an empty Map. */
export function encodeItem(item) {
  return Uint8Array.from(encodeCbor(item)); // under Node.js the library gives a Buffer, whose slices share memory
}

/**
 * The item that `data` is the deterministic encoding of.
 * @param {Uint8Array} data
 * @throws {MalformedEncoding} if there is none
 */
export function decodeItem(data) {
  if (data.length > MAX_MESSAGE_BYTES) throw new MalformedEncoding(`longer than ${MAX_MESSAGE_BYTES} bytes`);
  let item, encodedAgain;
  try {
    item = decodeCbor(data, { ...STRICT, tokenizer: new WholeTexts(Uint8Array.from(data), STRICT) });
    if (depth(item) > MAX_DEPTH) throw new MalformedEncoding(`nested deeper than ${MAX_DEPTH}`);
    encodedAgain = encodeItem(item);
  } catch {
    throw new MalformedEncoding('not a CBOR item that SplitPass uses');
  }
  if (!sameBytes(encodedAgain, data)) throw new MalformedEncoding('not deterministically encoded');
  return item;
}

const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
};
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes texts whole: by itself the library drops a U+FEFF at the beginning of one. */
class WholeTexts extends Tokenizer {
  next() {
    const token = super.next();
    if (token.byteValue !== undefined) token.value = utf8.decode(token.byteValue);
    return token;
  }
}

/** @param {unknown} item @returns {number} how many arrays or maps are around its innermost item */
function depth(item) {
  if (item instanceof Map) return depth([...item.entries()].flat()) || 1;
  if (!Array.isArray(item)) return 0;
  return 1 + item.reduce((deepest, one) => Math.max(deepest, depth(one)), 0);
}

/** Whether two public byte strings are the same; takes time that depends on where they differ. */
export function sameBytes(left, right) {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false; // much faster than `every`
  return true;
}

/** @param {number} minimum @param {number} maximum @returns {Codec<number>} an integer between both */
export function integer(minimum, maximum) {
  return checked(
    (value) => Number.isInteger(value) && minimum <= value && value <= maximum,
    `an integer from ${minimum} to ${maximum}`,
  );
}

export const uint8 = integer(0, 2 ** 8 - 1);
export const uint32 = integer(0, 2 ** 32 - 1);

/** @param {number} minimum @param {number} [maximum] @returns {Codec<Uint8Array>} so many bytes */
export function bytes(minimum, maximum = minimum) {
  return checked(
    (value) => value instanceof Uint8Array && minimum <= value.length && value.length <= maximum,
    `${minimum} to ${maximum} bytes`,
  );
}

/** @param {number} minimum @param {number} maximum @returns {Codec<string>} a text of so many bytes in UTF-8 */
export function text(minimum, maximum) {
  return checked((value) => {
    if (typeof value !== 'string' || !value.isWellFormed()) return false;
    const { length } = new TextEncoder().encode(value);
    return minimum <= length && length <= maximum;
  }, `a text of ${minimum} to ${maximum} bytes`);
}

/** @param {Record<string, number>} values @returns {Codec<number>} one of the values of an enumeration */
export function enumeration(values) {
  return checked((value) => Object.values(values).includes(value), `one of ${Object.keys(values)}`);
}

/** @template T @param {Codec<T>} codec @returns {Codec<T | null>} */
export function optional(codec) {
  return {
    encode: (value) => (value === null ? null : codec.encode(value)),
    decode: (item) => (item === null ? null : codec.decode(item)),
  };
}

/** @template T @param {Codec<T>} codec @param {number} minimum @param {number} maximum @returns {Codec<T[]>} */
export function array(codec, minimum, maximum) {
  const items = checked(
    (value) => Array.isArray(value) && minimum <= value.length && value.length <= maximum,
    `an array of ${minimum} to ${maximum} items`,
  );
  return {
    encode: (values) => items.encode(values).map(codec.encode),
    decode: (values) => items.decode(values).map(codec.decode),
  };
}

/**
 * A type with a byte encoding of its own, such as `Point`.
 * @template {{ toBytes: () => Uint8Array }} T
 * @param {{ fromBytes: (encoding: Uint8Array) => T }} type
 * @returns {Codec<T>}
 */
export function byteEncoded(type) {
  return {
    encode: (value) => value.toBytes(),
    decode: (item) => {
      if (!(item instanceof Uint8Array)) throw new MalformedEncoding('expected a byte string');
      return type.fromBytes(item);
    },
  };
}

/**
 * A message type from its fields.
 * @param {Record<string, Codec<any>>} fields
 * @param {{ tag?: string, check?: (message: any) => void }} [options] `check` throws if fields do not fit together
 * @returns {Message<any>}
 */
export function message(fields, { tag, check = () => {} } = {}) {
  const codecs = Object.entries(fields);
  const type = {
    tag,
    encode: (value) => {
      check(value);
      return codecs.map(([name, codec]) => codec.encode(value[name]));
    },
    decode: (item) => {
      if (!Array.isArray(item) || item.length !== codecs.length) {
        throw new MalformedEncoding(`expected an array of ${codecs.length} fields`);
      }
      const value = Object.freeze(Object.fromEntries(codecs.map(([name, codec], i) => [name, codec.decode(item[i])])));
      check(value);
      return value;
    },
    toBytes: (value) => encodeItem(type.encode(value)),
    fromBytes: (data) => type.decode(decodeItem(data)),
  };
  return type;
}

/** @param {(value: any) => boolean} holds @param {string} expected */
function checked(holds, expected) {
  /** @param {any} value */
  const check = (value) => {
    if (!holds(value)) throw new MalformedEncoding(`expected ${expected}`);
    return value;
  };
  return { encode: check, decode: check };
}
