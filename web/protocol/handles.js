/**
 * Handles and the sealed directory. Spec: §3.6.
 *
 * For each epoch a visitor registers a fresh handle `U = h * B`. The operator seals the identity record under a key
 * that only `U` gives and deposits it with the authority, which can read it once an opening has shown it `U`.
 *
 * @import { EpochKey } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { RandomBytes } from './primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { byteEncoded, bytes, message, sameBytes, signedMessage, text, uint32, uint8 } from './primitives/encoding.js';
import { InvalidEntry, InvalidReceipt, SplitPassError } from './primitives/errors.js';
import { B, Point, Scalar, secureRandom } from './primitives/group.js';
import { digest32, frame } from './primitives/hashing.js';
import { KnowledgeProof, proveKnowledge } from './primitives/proofs.js';
import { statement, verifyStatement } from './primitives/statements.js';

/** Every signed identity record is padded to this length, so that no entry tells a name's length. */
export const RECORD_BYTES = 512;
export const NONCE_BYTES = 24;
export const ENTRY_BYTES = RECORD_BYTES + 16;

/**
 * A visitor's handle for an epoch, with a proof that it knows `h`.
 * @typedef {Decoded<typeof HandleRegistration>} HandleRegistration
 */
export const HandleRegistration = message({
  epoch: uint32,
  handle: byteEncoded(Point),
  knowledge: byteEncoded(KnowledgeProof),
});

/**
 * The operator's word that a handle stands for a verified person.
 *
 * `phone`: in E.164 form. `verifiedOn`: the day the number was last verified, in days since 1970-01-01 UTC.
 * @typedef {Decoded<typeof IdentityRecord>} IdentityRecord
 */
export const IdentityRecord = signedMessage('identity-record', {
  domain: uint8,
  epoch: uint32,
  handle: byteEncoded(Point),
  phone: text(4, 16),
  name: text(1, 128),
  verifiedOn: uint32,
});

/**
 * A sealed identity record and the index under which whoever learns `U` finds it.
 * @typedef {Decoded<typeof DirectoryEntry>} DirectoryEntry
 */
export const DirectoryEntry = message({
  epoch: uint32,
  index: bytes(32),
  nonce: bytes(NONCE_BYTES),
  sealed: bytes(ENTRY_BYTES),
});

/** The authority's word that it holds an entry. `entry` is the 32-byte digest of the entry. */
export const DirectoryReceipt = signedMessage('directory-receipt', { domain: uint8, epoch: uint32, entry: bytes(32) });

/**
 * What a visitor gets back: the operator's signed record, the sealed entry and the authority's receipt.
 * @typedef {Decoded<typeof HandleGrant>} HandleGrant
 */
export const HandleGrant = message({ record: statement, entry: DirectoryEntry, receipt: statement });

/**
 * Draw `h` and prove knowledge of it, bound to the account and the epoch context.
 * Draws 64 random bytes for `h` and 32 for the proof. Spec: §3.6, Registering.
 * @param {EpochKey} epochKey @param {Uint8Array} accountId 16 bytes @param {RandomBytes} [randomBytes]
 * @returns {{ h: Scalar, registration: HandleRegistration }}
 */
export function registerHandle(epochKey, accountId, randomBytes = secureRandom) {
  const h = Scalar.random(randomBytes);
  const U = h.times(B);
  const knowledge = proveKnowledge('handle', frame('handle', epochKey.context, accountId), h, U, randomBytes);
  return { h, registration: { epoch: epochKey.epoch, handle: U, knowledge } };
}

/**
 * The 32-byte index of a handle's entry. Spec: §3.6, The sealed directory.
 * @param {EpochKey} epochKey @param {Point} handle @returns {Uint8Array}
 */
export function directoryIndex(epochKey, handle) {
  return digest32('directory-index', epochKey.context, handle.toBytes());
}

/**
 * The 32-byte key of a handle's entry. Spec: §3.6, The sealed directory.
 * @param {EpochKey} epochKey @param {Point} handle @returns {Uint8Array}
 */
export function directoryKey(epochKey, handle) {
  return digest32('directory-key', epochKey.context, handle.toBytes());
}

/**
 * The 32 bytes that stand for an entry. Spec: §3.6, The sealed directory.
 * @param {EpochKey} epochKey @param {DirectoryEntry} entry @returns {Uint8Array}
 */
export function entryDigest(epochKey, entry) {
  return digest32('directory-entry', epochKey.context, DirectoryEntry.toBytes(entry));
}

/**
 * The record that the operator sealed for `handle`. Spec: §3.6, The sealed directory.
 * @param {EpochKey} epochKey @param {Point} handle @param {DirectoryEntry} entry
 * @returns {IdentityRecord}
 * @throws {InvalidEntry} whatever is wrong with it
 */
export function openEntry(epochKey, handle, entry) {
  const index = directoryIndex(epochKey, handle);
  const { domain, epoch } = epochKey;
  const signed = unpad(decrypt(directoryKey(epochKey, handle), entry, index));
  let record;
  try {
    record = verifyStatement(IdentityRecord, signed, domain.operatorKey);
  } catch (error) {
    if (error instanceof SplitPassError) throw new InvalidEntry('the entry cannot be opened with this handle');
    throw error;
  }
  if (
    !sameBytes(entry.index, index) ||
    entry.epoch !== epoch ||
    record.domain !== domain.number ||
    record.epoch !== epoch ||
    !record.handle.equals(handle)
  ) {
    throw new InvalidEntry('the entry holds the record of another handle');
  }
  return record;
}

/**
 * Check that the authority's receipt covers `entry`. Spec: §3.6, The sealed directory.
 * @param {EpochKey} epochKey @param {DirectoryEntry} entry @param {Uint8Array} receipt
 * @throws {Malformed | InvalidSignature | InvalidReceipt}
 */
export function verifyReceipt(epochKey, entry, receipt) {
  const said = verifyStatement(DirectoryReceipt, receipt, epochKey.domain.authorityKey);
  if (
    said.domain !== epochKey.domain.number ||
    said.epoch !== epochKey.epoch ||
    !sameBytes(said.entry, entryDigest(epochKey, entry))
  ) {
    throw new InvalidReceipt("the authority's receipt is for another entry");
  }
}

/**
 * The visitor's check that its entry is what the authority holds and says what the operator signed.
 * Spec: §3.6, The sealed directory.
 * @param {EpochKey} epochKey @param {Point} handle @param {HandleGrant} grant
 * @returns {IdentityRecord}
 * @throws {Malformed | InvalidSignature | InvalidEntry | InvalidReceipt}
 */
export function verifyGrant(epochKey, handle, grant) {
  const record = openEntry(epochKey, handle, grant.entry);
  const signed = verifyStatement(IdentityRecord, grant.record, epochKey.domain.operatorKey);
  if (!sameBytes(IdentityRecord.toBytes(signed), IdentityRecord.toBytes(record))) {
    throw new InvalidEntry('the sealed record is not the signed one');
  }
  verifyReceipt(epochKey, grant.entry, grant.receipt);
  return record;
}

/** @param {Uint8Array} key @param {DirectoryEntry} entry @param {Uint8Array} index */
function decrypt(key, entry, index) {
  try {
    return xchacha20poly1305(key, entry.nonce, index).decrypt(entry.sealed);
  } catch {
    throw new InvalidEntry('the entry cannot be opened with this handle');
  }
}

/**
 * ISO/IEC 7816-4: the data, a byte 80, and zeros up to the full length.
 * @param {Uint8Array} data @param {number} length
 */
export function pad(data, length) {
  const padded = new Uint8Array(length);
  padded.set(data);
  padded[data.length] = 0x80;
  return padded;
}

/** The data of what was padded. @param {Uint8Array} padded */
function unpad(padded) {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== 0x80) throw new InvalidEntry('the entry cannot be opened with this handle');
  return padded.subarray(0, end);
}
