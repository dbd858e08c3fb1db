/**
 * Signed notes: checkpoints of logs and cosignatures of witnesses, as C2SP defines them. Spec: §3.11.
 *
 * A note is a text and signature lines, each with a key's name and id. Whoever reads one knows which keys it looks for
 * and passes over all other lines.
 *
 * @import { Point } from '../primitives/group.js'
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { sameBytes } from '../primitives/encoding.js';
import { InvalidSignature, MalformedNote, WrongParty } from '../primitives/errors.js';
import { verify } from '../primitives/signatures.js';
import { HASH_BYTES } from './merkle.js';

export const MAX_NOTE_BYTES = 2 ** 17;
const MAX_SIGNATURES = 64;

/** What a key signs with: its id depends on this. */
const NOTE_SIGNATURE = 1;
const COSIGNATURE = 4;

const NOTE = /^((?:[^\n]*\n)+)\n((?:— [^\p{White_Space}+]+ [A-Za-z0-9+/]+={0,2}\n)+)$/u;
const SIGNATURE_LINE = /— ([^\p{White_Space}+]+) ([^\n]+)\n/gu;
const CHECKPOINT = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n$/u;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\x09\x0b-\x1f]/u;

/**
 * The verified text of a log's checkpoint. `root` has 32 bytes.
 * @typedef {Readonly<{ origin: string, size: number, root: Uint8Array }>} Checkpoint
 */

/**
 * A signature line of a note. `data` is the key's id (4 bytes) and what the key signed.
 * @typedef {{ name: string, data: Uint8Array }} SignatureLine
 */

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/**
 * The checkpoint that a log signed under its own name. Spec: §3.11, Notes.
 * @param {Uint8Array} note at most 128 KiB @param {string} origin @param {Point} key
 * @returns {Checkpoint}
 * @throws {MalformedNote | InvalidSignature | WrongParty}
 */
export function verifyCheckpoint(note, origin, key) {
  const { text, signatures } = parseNote(note);
  const own = signaturesBy(signatures, origin, NOTE_SIGNATURE, key);
  if (own.length === 0 || !own.every((signature) => verify(key.toBytes(), utf8(text), signature))) {
    throw new InvalidSignature(`the note is not signed by ${origin}`);
  }
  const lines = CHECKPOINT.exec(text);
  if (lines === null || !Number.isSafeInteger(Number(lines[2]))) {
    throw new MalformedNote('not the text of a checkpoint');
  }
  const root = decodeBase64(lines[3]);
  if (root.length !== HASH_BYTES) throw new MalformedNote(`a root has ${HASH_BYTES} bytes`);
  if (lines[1] !== origin) throw new WrongParty('the checkpoint is of another log');
  return Object.freeze({ origin, size: Number(lines[2]), root });
}

/**
 * The latest Unix time at which a witness cosigned a checkpoint. Spec: §3.11, Notes.
 * @param {Uint8Array} note at most 128 KiB @param {string} name @param {Point} key
 * @returns {number}
 * @throws {MalformedNote | InvalidSignature}
 */
export function verifyCosignature(note, name, key) {
  const { text, signatures } = parseNote(note);
  const times = signaturesBy(signatures, name, COSIGNATURE, key).map((signature) => {
    const time = signature.slice(0, 8).reduce((value, byte) => 256 * value + byte, 0);
    const signed = utf8(`cosignature/v1\ntime ${time}\n${text}`);
    if (!Number.isSafeInteger(time) || !verify(key.toBytes(), signed, signature.slice(8))) {
      throw new InvalidSignature(`a cosignature of ${name} does not hold`);
    }
    return time;
  });
  if (times.length === 0) throw new InvalidSignature(`the checkpoint is not cosigned by ${name}`);
  return Math.max(...times);
}

/** @param {Uint8Array} note @returns {{ text: string, signatures: SignatureLine[] }} */
function parseNote(note) {
  if (note.length > MAX_NOTE_BYTES) throw new MalformedNote(`longer than ${MAX_NOTE_BYTES} bytes`);
  let decoded;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(note);
  } catch {
    throw new MalformedNote('not in UTF-8');
  }
  const parts = NOTE.exec(decoded);
  if (parts === null || CONTROL.test(decoded)) {
    throw new MalformedNote('not a text, an empty line and signature lines');
  }
  const lines = [...parts[2].matchAll(SIGNATURE_LINE)];
  if (lines.length > MAX_SIGNATURES) throw new MalformedNote(`more than ${MAX_SIGNATURES} signature lines`);
  return { text: parts[1], signatures: lines.map(([, name, line]) => ({ name, data: decodeBase64(line) })) };
}

/**
 * What stands behind the key's id in each of its lines.
 * @param {SignatureLine[]} signatures @param {string} name @param {number} kind @param {Point} key
 */
function signaturesBy(signatures, name, kind, key) {
  const id = sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(kind), key.toBytes())).slice(0, 4);
  const own = signatures.filter((line) => line.name === name && sameBytes(line.data.slice(0, 4), id));
  return own.map(({ data }) => data.slice(4));
}

/** @param {string} text */
function decodeBase64(text) {
  try {
    const data = atob(text);
    if (btoa(data) === text) return Uint8Array.from(data, (character) => character.charCodeAt(0));
  } catch {
    // falls through
  }
  throw new MalformedNote('not base64');
}
