/**
 * The text in a QR code: a prefix (`SP1:` for a present-mode check-in) and the base45 of a message. Spec: §4.3.
 *
 * Base45 (RFC 9285) keeps to the QR alphanumeric alphabet; readers mangle raw binary.
 */

import { CheckInMessage, MAX_CHECK_IN_BYTES } from './checkIns.js';
import { MalformedText } from './primitives/errors.js';

const PREFIX = 'SP1:';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/**
 * The text of a present-mode check-in: at most 310 characters of the QR alphanumeric alphabet.
 * Spec: §4.3, Check-ins in present mode.
 * @param {CheckInMessage} checkIn @returns {string}
 */
export function toQrText(checkIn) {
  return encodeText(PREFIX, CheckInMessage.toBytes(checkIn));
}

/**
 * The check-in in a QR code's text. Spec: §4.3, Check-ins in present mode.
 * @param {string} text @returns {CheckInMessage}
 * @throws {MalformedText | MalformedEncoding}
 */
export function fromQrText(text) {
  // A check-in that names a venue is longer than that: what is shown names none.
  return CheckInMessage.fromBytes(decodeText(PREFIX, text, MAX_CHECK_IN_BYTES));
}

/**
 * The text that a QR code carries for an encoded message.
 * @param {string} prefix @param {Uint8Array} encoding @returns {string}
 */
export function encodeText(prefix, encoding) {
  return prefix + encodeBase45(encoding);
}

/**
 * The encoded message in a QR code's text.
 * @param {string} prefix @param {string} text @param {number} maxBytes @returns {Uint8Array}
 * @throws {MalformedText}
 */
export function decodeText(prefix, text, maxBytes) {
  if (!text.startsWith(prefix)) throw new MalformedText('not a SplitPass code of this kind');
  const encoding = decodeBase45(text.slice(prefix.length));
  if (encoding.length > maxBytes) throw new MalformedText('not the base45 of a message');
  return encoding;
}

/** Two bytes become three characters, a last single byte two; the lowest digit comes first. @param {Uint8Array} data */
function encodeBase45(data) {
  let text = '';
  for (let i = 0; i < data.length; i += 2) {
    const pair = i + 1 < data.length;
    let value = pair ? data[i] * 256 + data[i + 1] : data[i];
    for (let digits = pair ? 3 : 2; digits > 0; digits -= 1) {
      text += ALPHABET[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/** @param {string} text */
function decodeBase45(text) {
  const data = [];
  for (let i = 0; i < text.length; i += 3) {
    const digits = [...text.slice(i, i + 3)].map((character) => ALPHABET.indexOf(character));
    const value = digits.reduceRight((total, digit) => total * 45 + digit, 0);
    const fits = digits.length === 3 ? value < 65_536 : digits.length === 2 && value < 256;
    if (digits.includes(-1) || !fits) throw new MalformedText('not base45');
    data.push(...(digits.length === 3 ? [value >> 8, value & 255] : [value]));
  }
  return Uint8Array.from(data);
}
