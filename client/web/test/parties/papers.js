/** Paper passes: printed by a client, and signed for by a reader. Spec: §3.8, §4.3. */

import { signCheckIn } from '../../checkins.js';
import { byteEncoded, bytes, message, uint32, uint8 } from '../../encoding.js';
import { WrongDomain, WrongEpoch } from '../../errors.js';
import { Scalar } from '../../group.js';
import { PASS_BYTES, passBytes } from '../../passes.js';
import { decodeText, encodeText } from '../../qrtext.js';

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

export function signForPaper(epochKey, paper, time, direction, venue, randomBytes) {
  if (paper.domain !== epochKey.domain.number) throw new WrongDomain('the paper is of another domain');
  if (paper.epoch !== epochKey.epoch) throw new WrongEpoch('the paper is of another day');
  const [u, v, signature] = [[0, 32], [32, 64], [64]].map((range) => paper.publicPass.slice(...range));
  return signCheckIn(epochKey, { public: { u, v, signature }, r: paper.r }, time, direction, venue, randomBytes);
}
