/** Paper passes, printed by a client and checked by a reader, and what the reader signs for them. Spec: §3.8, §4.3. */

import { Direction, TIME_STEP, possibleEpochs } from '../../protocol/checkIns.js';
import { byteEncoded, bytes, enumeration, message, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import { IdentityElement, InvalidSignature, MalformedEncoding, WrongDomain, WrongEpoch } from '../../protocol/primitives/errors.js';
import { B, Point, Scalar } from '../../protocol/primitives/group.js';
import { PASS_BYTES, passBytes, passStatement } from '../../protocol/passes.js';
import { decodeText, encodeText } from '../../protocol/qrText.js';
import { SIGNATURE_BYTES, signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { bigEndian, frame } from '../../protocol/primitives/hashing.js';

const PREFIX = 'SPP1:';
const MAX_PAPER_BYTES = 238;

export const PaperPass = message({
  domain: uint8,
  epoch: uint32,
  publicPass: bytes(PASS_BYTES),
  k: byteEncoded(Scalar),
  delegation: bytes(SIGNATURE_BYTES),
});

export const PaperCheckInMessage = message(
  {
    domain: uint8,
    time: uint32,
    direction: enumeration(Direction),
    venue: bytes(16),
    publicPass: bytes(PASS_BYTES),
    paperKey: byteEncoded(Point),
    delegation: bytes(SIGNATURE_BYTES),
    labelSignature: bytes(SIGNATURE_BYTES),
  },
  {
    check: ({ time }) => {
      if (time % TIME_STEP) throw new MalformedEncoding(`a label time is a multiple of ${TIME_STEP} seconds`);
    },
  },
);

export const passParts = (publicPass) => ({
  u: publicPass.subarray(0, 32),
  v: publicPass.subarray(32, 64),
  signature: publicPass.subarray(64),
});

export const delegationStatement = ({ context }, publicPass, K) =>
  frame('paper-pass', context, publicPass, K.toBytes());

export const paperLabel = ({ context }, { time, direction, venue, publicPass, paperKey }) =>
  frame(
    'paper-check-in',
    context,
    bigEndian(time, 4),
    bigEndian(direction, 1),
    venue,
    publicPass,
    paperKey.toBytes(),
  );

/** Draws 64 and 32 random bytes. */
export function printPass(epochKey, owned, randomBytes) {
  const { domain, epoch } = epochKey;
  const publicPass = passBytes(owned.public);
  const k = Scalar.random(randomBytes);
  const statement = delegationStatement(epochKey, publicPass, k.times(B));
  const delegation = signWithScalar(owned.r, owned.public.u, statement, randomBytes);
  return encodeText(PREFIX, PaperPass.toBytes({ domain: domain.number, epoch, publicPass, k, delegation }));
}

export function fromPaperText(text) {
  return PaperPass.fromBytes(decodeText(PREFIX, text, MAX_PAPER_BYTES));
}

/** The pass, the key that may sign for it, and the delegation. */
export function verifyPaper(epochKey, { domain, epoch, publicPass, k, delegation }) {
  if (domain !== epochKey.domain.number) throw new WrongDomain('the paper is of another domain');
  if (epoch !== epochKey.epoch) throw new WrongEpoch('the paper is of another day');
  const K = publicKey(k);
  verifyDelegation(epochKey, publicPass, K, delegation);
  return { publicPass, k, K, delegation };
}

/** Draws 32 random bytes. */
export function signPaperCheckIn(epochKey, { publicPass, k, K, delegation }, time, direction, venue, randomBytes) {
  const labelTime = time - (time % TIME_STEP);
  const label = { domain: epochKey.domain.number, time: labelTime, direction, venue, publicPass, paperKey: K };
  const labelSignature = signWithScalar(k, K.toBytes(), paperLabel(epochKey, label), randomBytes);
  return { ...label, delegation, labelSignature };
}

export function verifyPaperCheckIn(epochKey, checkIn) {
  const { domain, time, direction, publicPass, paperKey, delegation, labelSignature } = checkIn;
  if (domain !== epochKey.domain.number) throw new WrongDomain('the check-in is of another domain');
  const { first, last } = possibleEpochs(epochKey.domain, time, direction);
  if (epochKey.epoch < first || last < epochKey.epoch) {
    throw new WrongEpoch("the check-in's time lies outside the epoch");
  }
  verifyDelegation(epochKey, publicPass, paperKey, delegation);
  if (!verify(paperKey.toBytes(), paperLabel(epochKey, checkIn), labelSignature)) {
    throw new InvalidSignature("the paper's key did not sign this label");
  }
  return epochKey.epoch;
}

function verifyDelegation(epochKey, publicPass, K, delegation) {
  const { u, v, signature } = passParts(publicPass);
  if (!verify(epochKey.passKey.toBytes(), passStatement(epochKey, u, v), signature)) {
    throw new InvalidSignature('the authority did not issue this pass in this epoch');
  }
  if (!verify(u, delegationStatement(epochKey, publicPass, K), delegation)) {
    throw new InvalidSignature('the pass did not delegate to this key');
  }
}

function publicKey(k) {
  try {
    return k.times(B);
  } catch (error) {
    if (error instanceof IdentityElement) throw new InvalidSignature("the paper's key is zero");
    throw error;
  }
}
