/**
 * The operator's and the authority's side of the directory. Spec: §3.6.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { DirectoryEntry, HandleRegistration } from '../../protocol/handles.js'
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import {
  DirectoryReceipt,
  IdentityRecord,
  NONCE_BYTES,
  RECORD_BYTES,
  directoryIndex,
  directoryKey,
  entryDigest,
  pad,
} from '../../protocol/handles.js';
import { InvalidProof, WrongEpoch } from '../../protocol/primitives/errors.js';
import { frame } from '../../protocol/primitives/hashing.js';
import { verifyKnowledge } from '../../protocol/primitives/proofs.js';
import { signStatement } from './signing.js';

/** @param {EpochKey} epochKey @param {Uint8Array} accountId @param {HandleRegistration} registration */
export function verifyRegistration(epochKey, accountId, { epoch, handle, knowledge }) {
  if (epoch !== epochKey.epoch) throw new WrongEpoch('the handle is registered for another epoch');
  if (!verifyKnowledge('handle', frame('handle', epochKey.context, accountId), handle, knowledge)) {
    throw new InvalidProof("the handle's proof of knowledge does not hold");
  }
  return handle;
}

/**
 * Draws 24 random bytes.
 * @param {EpochKey} epochKey @param {IdentityRecord} record @param {Uint8Array} seed @param {RandomBytes} randomBytes
 */
export function sealRecord(epochKey, record, seed, randomBytes) {
  const signed = signStatement(IdentityRecord, record, seed);
  const index = directoryIndex(epochKey, record.handle);
  const nonce = randomBytes(NONCE_BYTES);
  const sealed = xchacha20poly1305(directoryKey(epochKey, record.handle), nonce, index).encrypt(pad(signed, RECORD_BYTES));
  return { signed, entry: { epoch: epochKey.epoch, index, nonce, sealed } };
}

/** @param {EpochKey} epochKey @param {DirectoryEntry} entry @param {Uint8Array} seed */
export function signReceipt(epochKey, entry, seed) {
  const receipt = { domain: epochKey.domain.number, epoch: epochKey.epoch, entry: entryDigest(epochKey, entry) };
  return signStatement(DirectoryReceipt, receipt, seed);
}
