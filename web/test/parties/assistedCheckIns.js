/**
 * The authority's side of assisted check-ins. Spec: §3.8.
 *
 * @import { AssistedCheckIn } from '../../protocol/assistedCheckIns.js'
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { Point } from '../../protocol/primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ASSISTED_NONCE, AssertedRecord, assistedLabel, sealingKey } from '../../protocol/assistedCheckIns.js';
import { InvalidEntry, MalformedEncoding } from '../../protocol/primitives/errors.js';

/**
 * @param {EpochKey} epochKey @param {AssistedCheckIn} checkIn @param {Point} operatorShare
 * @param {Point} authorityShare
 */
export function openAssisted(epochKey, checkIn, operatorShare, authorityShare) {
  try {
    const key = sealingKey(epochKey, checkIn.u, operatorShare.plus(authorityShare));
    const padded = xchacha20poly1305(key, ASSISTED_NONCE, assistedLabel(epochKey, checkIn)).decrypt(checkIn.sealed);
    const end = padded.findLastIndex((byte) => byte !== 0);
    if (padded[end] !== 0x80) throw new MalformedEncoding('no padding');
    return AssertedRecord.fromBytes(padded.subarray(0, end));
  } catch {
    throw new InvalidEntry('the assisted check-in holds no record');
  }
}
