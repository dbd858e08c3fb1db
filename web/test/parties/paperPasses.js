/**
 * Paper passes: printed by a client, checked by a reader. Spec: §3.8, §4.3.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { OwnedPass } from '../../protocol/passes.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { Point, RandomBytes } from '../../protocol/primitives/group.js'
 */

import { PASS_BYTES, passBytes, passStatement } from '../../protocol/passes.js';
import { byteEncoded, bytes, message, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import { IdentityElement, InvalidSignature, WrongDomain, WrongEpoch } from '../../protocol/primitives/errors.js';
import { B, Scalar } from '../../protocol/primitives/group.js';
import { frame } from '../../protocol/primitives/hashing.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { decodeText, encodeText } from '../../protocol/qrText.js';

const PREFIX = 'SPP1:';
const MAX_PAPER_BYTES = 238;

/** A pass, a key `k` and the pass's signature for that key. @typedef {Decoded<typeof PaperPass>} PaperPass */
export const PaperPass = message({
  domain: uint8,
  epoch: uint32,
  publicPass: bytes(PASS_BYTES),
  k: byteEncoded(Scalar),
  delegation: bytes(SIGNATURE_BYTES),
});

/** @param {Uint8Array} publicPass 128 bytes */
export const passParts = (publicPass) => ({
  u: publicPass.subarray(0, 32),
  v: publicPass.subarray(32, 64),
  signature: publicPass.subarray(64),
});

/** @param {EpochKey} epochKey @param {Uint8Array} publicPass @param {Point} K */
export const delegationStatement = ({ context }, publicPass, K) =>
  frame('paper-pass', context, publicPass, K.toBytes());

/**
 * Draws 64 and 32 random bytes.
 * @param {EpochKey} epochKey @param {OwnedPass} owned @param {RandomBytes} randomBytes
 */
export function printPass(epochKey, owned, randomBytes) {
  const { domain, epoch } = epochKey;
  const publicPass = passBytes(owned.public);
  const k = Scalar.random(randomBytes);
  const statement = delegationStatement(epochKey, publicPass, k.times(B));
  const delegation = signWithScalar(owned.r, owned.public.u, statement, randomBytes);
  return encodeText(PREFIX, PaperPass.toBytes({ domain: domain.number, epoch, publicPass, k, delegation }));
}

/** @param {string} text */
export function fromPaperText(text) {
  return PaperPass.fromBytes(decodeText(PREFIX, text, MAX_PAPER_BYTES));
}

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
