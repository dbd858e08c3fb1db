/**
 * Paper passes: a pass and a key that may sign for it, printed, for one day, one door and one visit. Spec: §3.8, §4.3.
 *
 * The key on the paper is not the pass's own: with `r` everybody who reads the paper would have the handle.
 *
 * @import { EpochKey } from './epochs.js'
 * @import { OwnedPass } from './passes.js'
 * @import { Decoded } from './primitives/encoding.js'
 * @import { Point, RandomBytes } from './primitives/group.js'
 */

import { PASS_BYTES, passBytes } from './passes.js';
import { byteEncoded, bytes, message, uint32, uint8 } from './primitives/encoding.js';
import { B, Scalar, secureRandom } from './primitives/group.js';
import { frame } from './primitives/hashing.js';
import { SIGNATURE_BYTES, signWithScalar } from './primitives/signatures.js';
import { decodeText, encodeText } from './qrText.js';

export const PAPER_PREFIX = 'SPP1:';
const MAX_PAPER_BYTES = 238;

/** A pass, a key `k` and the pass's signature for that key. @typedef {Decoded<typeof PaperPass>} PaperPass */
export const PaperPass = message({
  domain: uint8,
  epoch: uint32,
  publicPass: bytes(PASS_BYTES),
  k: byteEncoded(Scalar),
  delegation: bytes(SIGNATURE_BYTES),
});

/**
 * What a pass signs for a paper: tag, epoch context, pass (128 bytes), `K` (32).
 * @param {EpochKey} epochKey @param {Uint8Array} publicPass @param {Point} K @returns {Uint8Array}
 */
export function delegationStatement({ context }, publicPass, K) {
  return frame('paper-pass', context, publicPass, K.toBytes());
}

/**
 * The text for the paper, without the pass's own key: whoever prints it forgets the pass and the text.
 * Draws 64 random bytes for `k`, then 32 for the delegation. Spec: §3.8, Paper passes.
 * @param {EpochKey} epochKey @param {OwnedPass} owned @param {RandomBytes} [randomBytes]
 * @returns {string} at most 362 characters of the QR alphanumeric alphabet
 */
export function printPass(epochKey, owned, randomBytes = secureRandom) {
  const { domain, epoch } = epochKey;
  const publicPass = passBytes(owned.public);
  const k = Scalar.random(randomBytes);
  const statement = delegationStatement(epochKey, publicPass, k.times(B));
  const delegation = signWithScalar(owned.r, owned.public.u, statement, randomBytes);
  return encodeText(PAPER_PREFIX, PaperPass.toBytes({ domain: domain.number, epoch, publicPass, k, delegation }));
}

/**
 * The paper pass in a QR code's text. Spec: §4.3, Paper passes.
 * @param {string} text @returns {PaperPass}
 * @throws {MalformedText | MalformedEncoding}
 */
export function fromPaperText(text) {
  return PaperPass.fromBytes(decodeText(PAPER_PREFIX, text, MAX_PAPER_BYTES));
}
