/**
 * Assisted check-ins: what somebody without a phone told a door, sealed there at once. Spec: §3.8.
 *
 * @import { EpochKey } from './epochs.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { RandomBytes } from './primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { TIME_STEP, checkLabelTime } from './checkIns.js';
import { epochAt } from './epochs.js';
import { pad } from './handles.js';
import { byteEncoded, bytes, message, text, uint32, uint8 } from './primitives/encoding.js';
import { InvalidSignature, WrongDomain, WrongEpoch } from './primitives/errors.js';
import { B, Point, Scalar } from './primitives/group.js';
import { bigEndian, digest32, frame } from './primitives/hashing.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from './primitives/signatures.js';

const ASSERTED_RECORD_BYTES = 256;
export const ASSISTED_NONCE = new Uint8Array(24); // every record has a fresh key

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
  const sealed = xchacha20poly1305(key, ASSISTED_NONCE, assistedLabel(epochKey, label)).encrypt(padRecord(record));
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
