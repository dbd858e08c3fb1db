/** Paper passes: printed by a client, and checked by a reader. Spec: §3.8, §4.3. */

import { byteEncoded, bytes, message, sameBytes, uint32, uint8 } from '../../encoding.js';
import { IdentityElement, InvalidSignature, WrongDomain, WrongEpoch } from '../../errors.js';
import { B, Scalar } from '../../group.js';
import { PASS_BYTES, passBytes, passStatement } from '../../passes.js';
import { decodeText, encodeText } from '../../qrtext.js';
import { verify } from '../../signatures.js';

const PREFIX = 'SPP1:';
const MAX_PAPER_BYTES = 172;

export const PaperPass = message({
  domain: uint8,
  epoch: uint32,
  publicPass: bytes(PASS_BYTES),
  r: byteEncoded(Scalar),
});

export function printPass({ domain, epoch }, owned) {
  const paper = { domain: domain.number, epoch, publicPass: passBytes(owned.public), r: owned.r };
  return encodeText(PREFIX, PaperPass.toBytes(paper));
}

export function fromPaperText(text) {
  return PaperPass.fromBytes(decodeText(PREFIX, text, MAX_PAPER_BYTES));
}

export function verifyPaper(epochKey, { domain, epoch, publicPass, r }) {
  if (domain !== epochKey.domain.number) throw new WrongDomain('the paper is of another domain');
  if (epoch !== epochKey.epoch) throw new WrongEpoch('the paper is of another day');
  const [u, v, signature] = [publicPass.subarray(0, 32), publicPass.subarray(32, 64), publicPass.subarray(64)];
  if (!verify(epochKey.passKey.toBytes(), passStatement(epochKey, u, v), signature)) {
    throw new InvalidSignature('the authority did not issue this pass in this epoch');
  }
  if (!isKey(r, u)) throw new InvalidSignature('the paper has another key than the pass');
}

function isKey(r, u) {
  try {
    return sameBytes(r.times(B).toBytes(), u);
  } catch (error) {
    if (error instanceof IdentityElement) return false;
    throw error;
  }
}
