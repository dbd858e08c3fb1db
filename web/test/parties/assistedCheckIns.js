/** The door's and the authority's side of assisted check-ins. Spec: §3.8. */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { TIME_STEP } from '../../protocol/checkIns.js';
import { byteEncoded, bytes, message, text, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import { epochAt } from '../../protocol/epochs.js';
import { InvalidEntry, InvalidSignature, MalformedEncoding, WrongDomain, WrongEpoch } from '../../protocol/primitives/errors.js';
import { B, Point, Scalar } from '../../protocol/primitives/group.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { bigEndian, digest32, frame } from '../../protocol/primitives/hashing.js';
import { pad } from './handles.js';

const ASSERTED_RECORD_BYTES = 256;
const NONCE = new Uint8Array(24); // every record has a fresh key

export const AssertedRecord = message({ name: text(1, 128), phone: text(4, 16) });

export const AssistedCheckIn = message(
  {
    domain: uint8,
    time: uint32,
    venue: bytes(16),
    u: byteEncoded(Point),
    sealed: bytes(ASSERTED_RECORD_BYTES + 16),
    signature: bytes(SIGNATURE_BYTES),
  },
  {
    check: ({ time }) => {
      if (time % TIME_STEP) throw new MalformedEncoding(`a label time is a multiple of ${TIME_STEP} seconds`);
    },
  },
);

const labelParts = ({ context }, { time, venue, u }) => [context, bigEndian(time, 4), venue, u.toBytes()];
export const label = (epochKey, checkIn) => frame('assisted-label', ...labelParts(epochKey, checkIn));
export const statement = (epochKey, checkIn) =>
  frame('assisted-check-in', ...labelParts(epochKey, checkIn), checkIn.sealed);
export const sealingKey = ({ context }, u, S) => digest32('assisted-key', context, u.toBytes(), S.toBytes());
export const padRecord = (record) => pad(AssertedRecord.toBytes(record), ASSERTED_RECORD_BYTES);

/** Draws 64 and 32 random bytes. */
export function sealAssisted(epochKey, record, time, venue, randomBytes) {
  const r = Scalar.random(randomBytes);
  const checkIn = { domain: epochKey.domain.number, time: time - (time % TIME_STEP), venue, u: r.times(B) };
  const key = sealingKey(epochKey, checkIn.u, r.times(epochKey.X));
  checkIn.sealed = xchacha20poly1305(key, NONCE, label(epochKey, checkIn)).encrypt(padRecord(record));
  checkIn.signature = signWithScalar(r, checkIn.u.toBytes(), statement(epochKey, checkIn), randomBytes);
  return { r, checkIn };
}

export function verifyAssisted(epochKey, checkIn) {
  const { domain, time, u, signature } = checkIn;
  if (domain !== epochKey.domain.number) throw new WrongDomain('the check-in is of another domain');
  if (epochAt(epochKey.domain, time) !== epochKey.epoch) throw new WrongEpoch('the time lies outside the epoch');
  if (!verify(u.toBytes(), statement(epochKey, checkIn), signature)) {
    throw new InvalidSignature("the label was not signed with the check-in's own key");
  }
  return epochKey.epoch;
}

export function openAssisted(epochKey, checkIn, operatorShare, authorityShare) {
  try {
    const key = sealingKey(epochKey, checkIn.u, operatorShare.plus(authorityShare));
    const padded = xchacha20poly1305(key, NONCE, label(epochKey, checkIn)).decrypt(checkIn.sealed);
    const end = padded.findLastIndex((byte) => byte !== 0);
    if (padded[end] !== 0x80) throw new MalformedEncoding('no padding');
    return AssertedRecord.fromBytes(padded.subarray(0, end));
  } catch {
    throw new InvalidEntry('the assisted check-in holds no record');
  }
}
