/**
 * Decryption shares and the handles that they give. Spec: §3.3, §3.10.
 *
 * @import { Domain, EpochKey } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { RandomBytes, Scalar } from '../../protocol/primitives/group.js'
 * @import { Venue, Warrant } from '../../protocol/warrants.js'
 * @import { AnyCheckIn } from './anyCheckIn.js'
 * @import { JudgedRelease } from './judgements.js'
 * @import { HeldCommitment as Held } from './commitments.js'
 * @import { Visit } from './visits.js'
 */

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Role, identityKey } from '../../protocol/epochs.js';
import {
  array,
  byteEncoded,
  bytes,
  enumeration,
  message,
  sameBytes,
  signedMessage,
  uint32,
  uint8,
} from '../../protocol/primitives/encoding.js';
import {
  CommitmentMismatch,
  ConflictingStatements,
  FaultyShares,
  IdentityElement,
  Malformed,
  MalformedPoint,
  OutOfScope,
} from '../../protocol/primitives/errors.js';
import { B, Point } from '../../protocol/primitives/group.js';
import { bigEndian, digest32, frame } from '../../protocol/primitives/hashing.js';
import { EqualityProof, batch, combine, proveEquality, verifyEquality } from '../../protocol/primitives/proofs.js';
import { verifyPayload } from '../../protocol/primitives/statements.js';
import { passOf } from './anyCheckIn.js';
import { Judgement, judgeRelease } from './judgements.js';
import { signStatement } from './signing.js';
import { warrantEpochs } from './warrants.js';

const points = array(byteEncoded(Point), 1, 50_000);

/** @typedef {Decoded<typeof EpochShares>} EpochShares */
const EpochShares = message({ epoch: uint32, passes: points, shares: points, proof: byteEncoded(EqualityProof) });

export const Shares = signedMessage('shares', {
  domain: uint8,
  role: enumeration(Role),
  warrantId: bytes(16),
  judgement: Judgement,
  epochs: array(EpochShares, 0, 64),
});

/** A party's verified shares by epoch and `u` in hex. @typedef {Map<number, Map<string, Point>>} VerifiedShares */

/**
 * @param {Uint8Array} context @param {Scalar} x @param {Point} X @param {Point[]} u @param {Point[]} D
 * @param {RandomBytes} randomBytes
 */
export function proveShares(context, x, X, u, D, randomBytes) {
  const [seed, a] = batch('shares', context, [B, X], u, D);
  const M = combine(a, u);
  return proveEquality('shares', seed, x, B, M, X, x.times(M), randomBytes);
}

/** @param {Uint8Array} context @param {Point} X @param {Point[]} u @param {Point[]} D @param {EqualityProof} proof */
export function verifyShares(context, X, u, D, proof) {
  try {
    const [seed, a] = batch('shares', context, [B, X], u, D);
    return verifyEquality('shares', seed, B, combine(a, u), X, combine(a, D), proof);
  } catch (error) {
    if (error instanceof IdentityElement) return false;
    throw error;
  }
}

/** @param {EpochKey} epochKey @param {Role} role @param {JudgedRelease} release */
export function sharesContext(epochKey, role, { warrant, judgement }) {
  return frame('shares', epochKey.context, bigEndian(role, 1), warrant.warrantId, Judgement.toBytes(judgement));
}

/**
 * A party's shares for the visits of a release in one epoch. Draws 32 random bytes.
 * @param {EpochKey} epochKey @param {Role} role @param {JudgedRelease} release @param {Scalar} x
 * @param {RandomBytes} randomBytes
 */
export function createEpochShares(epochKey, role, release, x, randomBytes) {
  const visits = release.visits.get(epochKey.epoch) ?? new Map();
  const passes = [...visits.keys()].sort().flatMap(validPoint);
  const shares = passes.map((u) => x.times(u));
  const context = sharesContext(epochKey, role, release);
  const proof = proveShares(context, x, epochKey.shares[role], passes, shares, randomBytes);
  return { epoch: epochKey.epoch, passes, shares, proof };
}

/**
 * The point in a list of one, or none: only a cheating authority signs a pass whose `u` is no valid point.
 * @param {string} u
 */
function validPoint(u) {
  try {
    return [Point.fromBytes(hexToBytes(u))];
  } catch (error) {
    if (error instanceof MalformedPoint) return [];
    throw error;
  }
}

/**
 * @param {Domain} domain @param {Role} role @param {JudgedRelease} release @param {EpochShares[]} epochs
 * @param {Uint8Array} seed
 */
export function signShares(domain, role, { warrant, judgement }, epochs, seed) {
  const said = { domain: domain.number, role, warrantId: warrant.warrantId, judgement, epochs };
  return signStatement(Shares, said, seed);
}

/**
 * A release as a party's shares say that it was judged, if the authority named these commitments.
 * @param {Domain} domain @param {Role} role @param {Warrant} warrant @param {Venue} venue
 * @param {Map<number, EpochKey>} epochKeys @param {Held[]} named @param {Uint8Array} release
 * @param {Uint8Array} statement
 * @returns {JudgedRelease}
 */
export function judgeShares(domain, role, warrant, venue, epochKeys, named, release, statement) {
  const { judgement } = decodeShares(verifyPayload(Shares, statement, identityKey(domain, role)));
  const digest = digest32('release', release);
  if (!sameBytes(Judgement.toBytes({ ...judgement, release: digest, authority: named }), Judgement.toBytes(judgement))) {
    throw new OutOfScope('the release was judged by other commitments');
  }
  try {
    return judgeRelease(warrant, venue, epochKeys, judgement, release);
  } catch (error) {
    if (!(error instanceof CommitmentMismatch || error instanceof ConflictingStatements)) throw error;
    const nothing = { checkIns: 0, partBegins: 0, partEnds: null, uncommitted: 0 };
    return { digest, warrant, visits: new Map(), setAside: {}, judgement, ...nothing };
  }
}

/**
 * @param {Domain} domain @param {Role} role @param {JudgedRelease} release @param {Map<number, EpochKey>} epochKeys
 * @param {Uint8Array} statement
 * @returns {VerifiedShares}
 */
export function verifyPartyShares(domain, role, release, epochKeys, statement) {
  const said = decodeShares(verifyPayload(Shares, statement, identityKey(domain, role)));
  if (
    said.domain !== domain.number ||
    said.role !== role ||
    !sameBytes(said.warrantId, release.warrant.warrantId) ||
    !sameBytes(Judgement.toBytes(said.judgement), Judgement.toBytes(release.judgement))
  ) {
    throw new OutOfScope('the shares are for another release');
  }
  /** @type {VerifiedShares} */
  const verified = new Map();
  const named = new Set();
  const { first, last } = warrantEpochs(domain, release.warrant);
  for (const { epoch, passes, shares, proof } of said.epochs) {
    refuseUnless(!named.has(epoch) && passes.length === shares.length);
    named.add(epoch);
    const epochKey = epochKeys.get(epoch);
    if (epochKey === undefined) {
      refuseUnless(first <= epoch && epoch <= last);
      continue;
    }
    const known = release.visits.get(epoch) ?? new Map();
    const u = passes.map((point) => bytesToHex(point.toBytes()));
    refuseUnless(u.every((pass) => known.has(pass)));
    const context = sharesContext(epochKey, role, release);
    refuseUnless(verifyShares(context, epochKey.shares[role], passes, shares, proof));
    verified.set(epoch, new Map(u.map((pass, i) => [pass, shares[i]])));
  }
  return verified;
}

/** @param {boolean} holds */
function refuseUnless(holds) {
  if (!holds) throw new FaultyShares('the shares are wrong');
}

/** @param {Uint8Array} payload */
function decodeShares(payload) {
  try {
    return Shares.fromBytes(payload);
  } catch (error) {
    if (error instanceof Malformed) throw new FaultyShares('the party signed shares that are none');
    throw error;
  }
}

/**
 * Every visit that both parties gave a share for: its `u` in hex and its handle, or null if it has none.
 * @param {JudgedRelease} release @param {VerifiedShares} operator @param {VerifiedShares} authority
 */
export function openRelease(release, operator, authority) {
  return [...release.visits]
    .sort(([a], [b]) => a - b)
    .flatMap(([epoch, visits]) =>
      [...visits].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([u, visit]) => {
        const operatorShare = operator.get(epoch)?.get(u);
        const authorityShare = authority.get(epoch)?.get(u);
        if (operatorShare === undefined || authorityShare === undefined) return [];
        return [{ u, handle: openVisit(visit, operatorShare, authorityShare) }];
      }),
    );
}

/** @param {Visit} visit @param {Point} operatorShare @param {Point} authorityShare */
function openVisit({ entry, exit }, operatorShare, authorityShare) {
  const checkIn = /** @type {AnyCheckIn} */ (entry ?? exit); // there is one of them
  if ('sealed' in checkIn) return operatorShare.plus(authorityShare); // an assisted check-in
  try {
    return Point.fromBytes(passOf(checkIn).v).minus(operatorShare).minus(authorityShare);
  } catch (error) {
    if (error instanceof MalformedPoint || error instanceof IdentityElement) return null;
    throw error;
  }
}
