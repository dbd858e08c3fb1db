/**
 * Paper passes as a reader checks them. Spec: §3.8, §4.3.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { PaperPass } from '../../protocol/paperPasses.js'
 * @import { Point, Scalar } from '../../protocol/primitives/group.js'
 */

import { delegationStatement } from '../../protocol/paperPasses.js';
import { passStatement } from '../../protocol/passes.js';
import { IdentityElement, InvalidSignature, WrongDomain, WrongEpoch } from '../../protocol/primitives/errors.js';
import { B } from '../../protocol/primitives/group.js';
import { verify } from '../../protocol/primitives/signatures.js';

/** @param {Uint8Array} publicPass 128 bytes */
export const passParts = (publicPass) => ({
  u: publicPass.subarray(0, 32),
  v: publicPass.subarray(32, 64),
  signature: publicPass.subarray(64),
});

/**
 * The pass, the key that may sign for it, and the delegation; made by `verifyPaper` alone.
 * @typedef {{ publicPass: Uint8Array, k: Scalar, K: Point, delegation: Uint8Array }} DelegatedPass
 */

/** @param {EpochKey} epochKey @param {PaperPass} paper @returns {DelegatedPass} */
export function verifyPaper(epochKey, { domain, epoch, publicPass, k, delegation }) {
  if (domain !== epochKey.domain.number) throw new WrongDomain('the paper is of another domain');
  if (epoch !== epochKey.epoch) throw new WrongEpoch('the paper is of another day');
  const K = publicKey(k);
  verifyDelegation(epochKey, publicPass, K, delegation);
  return { publicPass, k, K, delegation };
}

/** @param {EpochKey} epochKey @param {Uint8Array} publicPass @param {Point} K @param {Uint8Array} delegation */
export function verifyDelegation(epochKey, publicPass, K, delegation) {
  const { u, v, signature } = passParts(publicPass);
  if (!verify(epochKey.passKey.toBytes(), passStatement(epochKey, u, v), signature)) {
    throw new InvalidSignature('the authority did not issue this pass in this epoch');
  }
  if (!verify(u, delegationStatement(epochKey, publicPass, K), delegation)) {
    throw new InvalidSignature('the pass did not delegate to this key');
  }
}

/** @param {Scalar} k */
function publicKey(k) {
  try {
    return k.times(B);
  } catch (error) {
    if (error instanceof IdentityElement) throw new InvalidSignature("the paper's key is zero");
    throw error;
  }
}
