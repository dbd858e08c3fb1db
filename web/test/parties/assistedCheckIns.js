/**
 * The door's and the authority's side of assisted check-ins. Spec: §3.8.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { TIME_STEP, checkLabelTime } from '../../protocol/checkIns.js';
import { epochAt } from '../../protocol/epochs.js';
import { byteEncoded, bytes, message, text, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import {
  InvalidEntry,
  InvalidSignature,
  MalformedEncoding,
  WrongDomain,
  WrongEpoch,
} from '../../protocol/primitives/errors.js';
import { B, Point, Scalar } from '../../protocol/primitives/group.js';
import { bigEndian, digest32, frame } from '../../protocol/primitives/hashing.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { pad } from './handles.js';

const ASSERTED_RECORD_BYTES = 256;
const NONCE = new Uint8Array(24); // every record has a fresh key

/** Who the visitor says it is. @typedef {Decoded<typeof AssertedRecord>} AssertedRecord */
export const AssertedRecord = message({ name: text(1, 128), phone: text(4, 16) });

/** @typedef {Decoded<typeof AssistedCheckIn>} AssistedCheckIn */
export const AssistedCheckIn = message(
  {
    domain: uint8,
    time: uint32,
    venueId: bytes(16),
    u: byteEncoded(Point),
    sealed: bytes(ASSERTED_RECORD_BYTES + 16),
    signature: bytes(SIGNATURE_BYTES),
  },
  checkLabelTime,
);

/** When, where and for which key. @typedef {Pick<AssistedCheckIn, 'time' | 'venueId' | 'u'>} Label */

/** @param {EpochKey} epochKey @param {Label} label */
const labelParts = ({ context }, { time, venueId, u }) => [context, bigEndian(time, 4), venueId, u.toBytes()];

/** What the sealed record is tied to besides its key. @param {EpochKey} epochKey @param {Label} label */
export const assistedLabel = (epochKey, label) => frame('assisted-label', ...labelParts(epochKey, label));

/** What the check-in's key signs. @param {EpochKey} epochKey @param {Label & { sealed: Uint8Array }} checkIn */
export const assistedStatement = (epochKey, checkIn) =>
  frame('assisted-check-in', ...labelParts(epochKey, checkIn), checkIn.sealed);

/** @param {EpochKey} epochKey @param {Point} u @param {Point} S `r * X` */
export const sealingKey = ({ context }, u, S) => digest32('assisted-key', context, u.toBytes(), S.toBytes());

/** @param {AssertedRecord} record */
export const padRecord = (record) => pad(AssertedRecord.toBytes(record), ASSERTED_RECORD_BYTES);

/**
 * Draws 64 and 32 random bytes.
 * @param {EpochKey} epochKey @param {AssertedRecord} record @param {number} time
 * @param {Uint8Array} venueId @param {RandomBytes} randomBytes
 */
export function sealAssisted(epochKey, record, time, venueId, randomBytes) {
  const r = Scalar.random(randomBytes);
  const label = { time: time - (time % TIME_STEP), venueId, u: r.times(B) };
  const key = sealingKey(epochKey, label.u, r.times(epochKey.X));
  const sealed = xchacha20poly1305(key, NONCE, assistedLabel(epochKey, label)).encrypt(padRecord(record));
  const statement = assistedStatement(epochKey, { ...label, sealed });
  const signature = signWithScalar(r, label.u.toBytes(), statement, randomBytes);
  return { r, checkIn: { domain: epochKey.domain.number, ...label, sealed, signature } };
}

/** The epoch of a check-in. @param {EpochKey} epochKey @param {AssistedCheckIn} checkIn */
export function verifyAssisted(epochKey, checkIn) {
  const { domain, time, u, signature } = checkIn;
  if (domain !== epochKey.domain.number) throw new WrongDomain('the check-in is of another domain');
  if (epochAt(epochKey.domain, time) !== epochKey.epoch) throw new WrongEpoch('the time lies outside the epoch');
  if (!verify(u.toBytes(), assistedStatement(epochKey, checkIn), signature)) {
    throw new InvalidSignature("the label was not signed with the check-in's own key");
  }
  return epochKey.epoch;
}

/**
 * @param {EpochKey} epochKey @param {AssistedCheckIn} checkIn @param {Point} operatorShare
 * @param {Point} authorityShare
 */
export function openAssisted(epochKey, checkIn, operatorShare, authorityShare) {
  try {
    const key = sealingKey(epochKey, checkIn.u, operatorShare.plus(authorityShare));
    const padded = xchacha20poly1305(key, NONCE, assistedLabel(epochKey, checkIn)).decrypt(checkIn.sealed);
    const end = padded.findLastIndex((byte) => byte !== 0);
    if (padded[end] !== 0x80) throw new MalformedEncoding('no padding');
    return AssertedRecord.fromBytes(padded.subarray(0, end));
  } catch {
    throw new InvalidEntry('the assisted check-in holds no record');
  }
}
