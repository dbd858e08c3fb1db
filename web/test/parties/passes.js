/**
 * The operator's check of an allowance, and the authority's answers. Spec: §3.7.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { AllowanceRequest } from '../../protocol/passes.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { Point, RandomBytes } from '../../protocol/primitives/group.js'
 */

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import {
  ANSWER_BYTES,
  ANSWER_NONCE,
  MAX_BATCH,
  PassRequest,
  REQUEST_BYTES,
  answerData,
  answerKey,
  passStatement,
} from '../../protocol/passes.js';
import { array, bytes, message, uint32 } from '../../protocol/primitives/encoding.js';
import {
  IdentityElement,
  InvalidProof,
  Malformed,
  WrongAllowance,
  WrongEpoch,
} from '../../protocol/primitives/errors.js';
import { B, POINT_BYTES, Scalar } from '../../protocol/primitives/group.js';
import { verifyEncryptions, verifyOwnership } from '../../protocol/primitives/proofs.js';
import { sign } from './signing.js';

/** @typedef {Decoded<typeof IssueBatch>} IssueBatch */
export const IssueBatch = message({ epoch: uint32, requests: array(bytes(REQUEST_BYTES), 1, MAX_BATCH) });

/** @param {EpochKey} epochKey @param {Point} handle @param {AllowanceRequest} request */
export function verifyAllowance(epochKey, handle, { epoch, requests, encryptions }) {
  if (epoch !== epochKey.epoch) throw new WrongEpoch('the passes are requested for another epoch');
  const u0 = requests.map((request) => request.u0);
  const v0 = requests.map((request) => request.v0);
  const different = new Set(u0.map((point) => bytesToHex(point.toBytes()))).size;
  if (u0.length !== epochKey.domain.allowance || different !== u0.length) {
    throw new WrongAllowance('a request is for the allowance, of different passes');
  }
  if (!verifyEncryptions(epochKey.context, epochKey.X, handle, u0, v0, encryptions)) {
    throw new InvalidProof("the requested passes do not all carry the account's handle");
  }
  return requests.map((request) => request.toBytes());
}

/**
 * Draws 64 random bytes for `c` and 64 for the ephemeral key; for a decoy, 64 and 112.
 * @param {EpochKey} epochKey @param {Uint8Array} passSeed @param {Uint8Array} request @param {RandomBytes} randomBytes
 */
export function issuePass(epochKey, passSeed, request, randomBytes) {
  const steps = issuingSteps(epochKey, passSeed, request, randomBytes);
  if (steps === null) return decoy(randomBytes);
  const { E, key, data, plaintext } = steps;
  return concatBytes(E.toBytes(), xchacha20poly1305(key, ANSWER_NONCE, data).encrypt(plaintext));
}

/**
 * Every value on the way to an answer; null if the request is bad.
 * @param {EpochKey} epochKey @param {Uint8Array} passSeed @param {Uint8Array} request @param {RandomBytes} randomBytes
 */
export function issuingSteps(epochKey, passSeed, request, randomBytes) {
  const { X, context } = epochKey;
  let u0, v0, c, u, v;
  try {
    const asked = PassRequest.fromBytes(request);
    ({ u0, v0 } = asked);
    if (!verifyOwnership(context, X, u0, v0, asked.ownership)) return null;
    c = Scalar.random(randomBytes);
    u = u0.plus(c.times(B)).toBytes();
    v = v0.plus(c.times(X)).toBytes();
  } catch (error) {
    if (error instanceof Malformed || error instanceof IdentityElement) return null;
    throw error;
  }
  const statement = passStatement(epochKey, u, v);
  const signature = sign(passSeed, statement);
  const e = Scalar.random(randomBytes);
  const E = e.times(B);
  const shared = e.times(u0);
  const key = answerKey(epochKey, E, u0, shared);
  const data = answerData(epochKey, u0, v0);
  return { c, u, v, statement, signature, e, E, shared, key, data, plaintext: concatBytes(c.toBytes(), signature) };
}

/**
 * @param {EpochKey} epochKey @param {Uint8Array} passSeed @param {IssueBatch} batch @param {RandomBytes} randomBytes
 */
export function issueBatch(epochKey, passSeed, batch, randomBytes) {
  if (batch.epoch !== epochKey.epoch) throw new WrongEpoch('the batch is for another epoch');
  const u0 = batch.requests.map((request) => bytesToHex(request.subarray(0, POINT_BYTES)));
  const answers = batch.requests.map((request, i) => {
    const occursOnce = u0.indexOf(u0[i]) === u0.lastIndexOf(u0[i]);
    return occursOnce ? issuePass(epochKey, passSeed, request, randomBytes) : decoy(randomBytes);
  });
  return { answers };
}

/** @param {RandomBytes} randomBytes */
function decoy(randomBytes) {
  return concatBytes(Scalar.random(randomBytes).times(B).toBytes(), randomBytes(ANSWER_BYTES - POINT_BYTES));
}
