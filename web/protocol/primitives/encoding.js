/**
 * Deterministic CBOR and the messages made of it. Spec: §4.1.
 *
 * A message is a CBOR array of its fields in order. Decoding is strict: bounded size and depth, no tags, no
 * indefinite lengths, every item of the declared type and size, and the result encoded again must give the same
 * bytes. There is exactly one encoding of every message.
 */

import { decodeCbor, encodeCbor } from './cbor.js';
import { MalformedEncoding } from './errors.js';

export const MAX_DEPTH = 8;
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * How a value of one declared type becomes a CBOR item, and back. Both directions throw `MalformedEncoding` where the
 * type does not allow the value, or what the type's own `fromBytes` throws.
 * @template T
 * @typedef {{ encode: (value: T) => unknown, decode: (item: unknown) => T }} Codec
 */

/**
 * A message type. Its fields are the keys of a frozen object, in the order of the wire format.
 * Its functions throw as those of a codec, and what its own check of the fields throws.
 * @template T
 * @typedef {Codec<T> & { toBytes: (value: T) => Uint8Array, fromBytes: (data: Uint8Array) => T }} Message
 */

/**
 * A message that is signed as a statement (§3.4). `tag` is the statement's name.
 * @template T
 * @typedef {Message<T> & { tag: string }} SignedMessage
 */

/**
 * What a codec or message type decodes to.
 * @template C
 * @typedef {C extends Codec<infer T> ? T : never} Decoded
 */

/**
 * The deterministic encoding of an item made of integers, byte strings, texts, null, arrays and an empty Map.
 * @param {unknown} item @returns {Uint8Array}
 */
export function encodeItem(item) {
  return encodeCbor(item);
}

/**
 * The item that `data` is the deterministic encoding of.
 * @param {Uint8Array} data at most 16 MiB
 * @returns {unknown} made of what `encodeItem` takes
 * @throws {MalformedEncoding} if there is none
 */
export function decodeItem(data) {
  if (data.length > MAX_MESSAGE_BYTES) throw new MalformedEncoding(`longer than ${MAX_MESSAGE_BYTES} bytes`);
  const { item, end } = decodeCbor(data, MAX_DEPTH);
  if (end !== data.length || !sameBytes(encodeCbor(item), data)) {
    throw new MalformedEncoding('not deterministically encoded');
  }
  return item;
}

/**
 * Whether two public byte strings are the same. The time it takes depends on where they differ.
 * @param {Uint8Array} left @param {Uint8Array} right @returns {boolean}
 */
export function sameBytes(left, right) {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false; // much faster than `every`
  return true;
}

/** An integer from `minimum` to `maximum`. @param {number} minimum @param {number} maximum @returns {Codec<number>} */
export function integer(minimum, maximum) {
  return checked(
    /** @returns {value is number} */
    (value) => Number.isInteger(value) && minimum <= Number(value) && Number(value) <= maximum,
    `an integer from ${minimum} to ${maximum}`,
  );
}

export const uint8 = integer(0, 2 ** 8 - 1);
export const uint32 = integer(0, 2 ** 32 - 1);

/**
 * From `minimum` to `maximum` bytes; exactly `minimum` without the latter.
 * @param {number} minimum @param {number} [maximum] @returns {Codec<Uint8Array>}
 */
export function bytes(minimum, maximum = minimum) {
  return checked(
    /** @returns {value is Uint8Array} */
    (value) => value instanceof Uint8Array && minimum <= value.length && value.length <= maximum,
    `${minimum} to ${maximum} bytes`,
  );
}

/**
 * A text of `minimum` to `maximum` bytes in UTF-8.
 * @param {number} minimum @param {number} maximum @returns {Codec<string>}
 */
export function text(minimum, maximum) {
  return checked(
    /** @returns {value is string} */
    (value) => {
      if (typeof value !== 'string' || !value.isWellFormed()) return false;
      const { length } = new TextEncoder().encode(value);
      return minimum <= length && length <= maximum;
    },
    `a text of ${minimum} to ${maximum} bytes`,
  );
}

/** One of the values of an enumeration. @template {number} T @param {Record<string, T>} values @returns {Codec<T>} */
export function enumeration(values) {
  return checked(
    /** @returns {value is T} */
    (value) => Object.values(values).some((allowed) => allowed === value),
    `one of ${Object.keys(values)}`,
  );
}

/** Null, or what `codec` stands for. @template T @param {Codec<T>} codec @returns {Codec<T | null>} */
export function optional(codec) {
  return {
    encode: (value) => (value === null ? null : codec.encode(value)),
    decode: (item) => (item === null ? null : codec.decode(item)),
  };
}

/**
 * An array of `minimum` to `maximum` items.
 * @template T @param {Codec<T>} codec @param {number} minimum @param {number} maximum @returns {Codec<T[]>}
 */
export function array(codec, minimum, maximum) {
  const { decode: check } = checked(
    /** @returns {value is unknown[]} */
    (value) => Array.isArray(value) && minimum <= value.length && value.length <= maximum,
    `an array of ${minimum} to ${maximum} items`,
  );
  return {
    encode: (values) => {
      check(values);
      return values.map(codec.encode);
    },
    decode: (item) => check(item).map(codec.decode),
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
 * A message type from its fields. `check` throws if they do not fit together.
 * @template {object} T
 * @param {{ [Name in keyof T]: Codec<T[Name]> }} fields
 * @param {(message: Readonly<T>) => void} [check]
 * @returns {Message<Readonly<T>>}
 */
export function message(fields, check = () => {}) {
  const names = /** @type {(keyof T)[]} */ (Object.keys(fields));
  /** @type {Message<Readonly<T>>} */
  const type = {
    encode: (value) => {
      check(value);
      return names.map((name) => fields[name].encode(value[name]));
    },
    decode: (item) => {
      if (!Array.isArray(item) || item.length !== names.length) {
        throw new MalformedEncoding(`expected an array of ${names.length} fields`);
      }
      const decoded = Object.fromEntries(names.map((name, i) => [name, fields[name].decode(item[i])]));
      const value = /** @type {Readonly<T>} */ (Object.freeze(decoded));
      check(value);
      return value;
    },
    toBytes: (value) => {
      const encoding = encodeItem(type.encode(value));
      if (encoding.length > MAX_MESSAGE_BYTES) throw new MalformedEncoding(`longer than ${MAX_MESSAGE_BYTES} bytes`);
      return encoding;
    },
    fromBytes: (data) => type.decode(decodeItem(data)),
  };
  return type;
}

/**
 * The type of a message that is signed as a statement named `tag`; otherwise as `message`.
 * @template {object} T
 * @param {string} tag
 * @param {{ [Name in keyof T]: Codec<T[Name]> }} fields
 * @param {(message: Readonly<T>) => void} [check]
 * @returns {SignedMessage<Readonly<T>>}
 */
export function signedMessage(tag, fields, check) {
  return { tag, ...message(fields, check) };
}

/**
 * The codec of values that stand in CBOR as they are.
 * @template T @param {(value: unknown) => value is T} holds @param {string} expected @returns {Codec<T>}
 */
function checked(holds, expected) {
  /** @param {unknown} value @returns {T} */
  const check = (value) => {
    if (!holds(value)) throw new MalformedEncoding(`expected ${expected}`);
    return value;
  };
  return { encode: check, decode: check };
}
