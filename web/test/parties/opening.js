/** Decryption shares and the handles that they give. Spec: §3.3, §3.10. */

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { array, byteEncoded, bytes, enumeration, message, sameBytes, uint32, uint8 } from '../../protocol/primitives/encoding.js';
import { Role, identityKey } from '../../protocol/epochs.js';
import { FaultyShares, IdentityElement, Malformed, MalformedPoint, OutOfScope } from '../../protocol/primitives/errors.js';
import { B, Point } from '../../protocol/primitives/group.js';
import { EqualityProof, batch, proveEquality, sum, verifyEquality } from '../../protocol/primitives/proofs.js';
import { verifyPayload } from '../../protocol/primitives/statements.js';
import { bigEndian, frame } from '../../protocol/primitives/hashing.js';
import { passOf } from './releases.js';
import { signStatement } from './signing.js';

const points = array(byteEncoded(Point), 1, 50_000);
const EpochShares = message({ epoch: uint32, passes: points, shares: points, proof: byteEncoded(EqualityProof) });

export const Shares = message(
  {
    domain: uint8,
    role: enumeration(Role),
    warrant: bytes(16),
    release: bytes(32),
    epochs: array(EpochShares, 0, 64),
  },
  { tag: 'shares' },
);

/** The batch's seed, its coefficients, `M = sum(a_i * u_i)` and `Z = sum(a_i * D_i)`. */
export function combineShares(context, X, u, D) {
  const [seed, a] = batch('shares', context, [B, X], u, D);
  return { seed, a, M: sum(a.map((aI, i) => aI.times(u[i]))), Z: sum(a.map((aI, i) => aI.times(D[i]))) };
}

export function proveShares(context, x, X, u, D, randomBytes) {
  const { seed, M, Z } = combineShares(context, X, u, D);
  return proveEquality('shares', seed, x, B, M, X, Z, randomBytes);
}

export function verifyShares(context, X, u, D, proof) {
  try {
    const { seed, M, Z } = combineShares(context, X, u, D);
    return verifyEquality('shares', seed, B, M, X, Z, proof);
  } catch (error) {
    if (error instanceof IdentityElement) return false;
    throw error;
  }
}

export function sharesContext(epochKey, role, release) {
  return frame('shares', epochKey.context, bigEndian(role, 1), release.warrant.warrant, release.digest);
}

/** A party's shares for the visits of a release in one epoch. Draws 32 random bytes. */
export function createEpochShares(epochKey, role, release, x, randomBytes) {
  const passes = [...release.visits.get(epochKey.epoch).keys()].sort().flatMap(validPoint);
  const shares = passes.map((u) => x.times(u));
  const context = sharesContext(epochKey, role, release);
  const proof = proveShares(context, x, epochKey.shares[role], passes, shares, randomBytes);
  return { epoch: epochKey.epoch, passes, shares, proof };
}

/** The point in a list of one, or none: only a cheating authority signs a pass whose `u` is no valid point. */
function validPoint(u) {
  try {
    return [Point.fromBytes(hexToBytes(u))];
  } catch (error) {
    if (error instanceof MalformedPoint) return [];
    throw error;
  }
}

export function signShares(domain, role, release, epochs, seed) {
  const { digest, warrant } = release;
  return signStatement(Shares, { domain: domain.number, role, warrant: warrant.warrant, release: digest, epochs }, seed);
}

/** The shares by epoch and `u` (in hex). */
export function verifyPartyShares(domain, role, release, epochKeys, statement) {
  const said = decodeShares(verifyPayload(Shares, statement, identityKey(domain, role)));
  if (
    said.domain !== domain.number ||
    said.role !== role ||
    !sameBytes(said.warrant, release.warrant.warrant) ||
    !sameBytes(said.release, release.digest)
  ) {
    throw new OutOfScope('the shares are for another release');
  }
  const verified = new Map();
  for (const { epoch, passes, shares, proof } of said.epochs) {
    const epochKey = epochKeys.get(epoch);
    const known = release.visits.get(epoch) ?? new Map();
    const u = passes.map((point) => bytesToHex(point.toBytes()));
    if (
      epochKey === undefined ||
      verified.has(epoch) ||
      passes.length !== shares.length ||
      !u.every((one) => known.has(one)) ||
      !verifyShares(sharesContext(epochKey, role, release), epochKey.shares[role], passes, shares, proof)
    ) {
      throw new FaultyShares('the shares are wrong');
    }
    verified.set(epoch, new Map(u.map((one, i) => [one, shares[i]])));
  }
  return verified;
}

function decodeShares(payload) {
  try {
    return Shares.fromBytes(payload);
  } catch (error) {
    if (error instanceof Malformed) throw new FaultyShares('the party signed shares that are none');
    throw error;
  }
}

/** Every visit that both parties gave a share for: its `u` in hex and its handle, or null if it has none. */
export function openRelease(release, operator, authority) {
  return [...release.visits]
    .sort(([a], [b]) => a - b)
    .flatMap(([epoch, visits]) =>
      [...visits.keys()]
        .sort()
        .filter((u) => operator.get(epoch)?.has(u) && authority.get(epoch)?.has(u))
        .map((u) => ({
          u,
          handle: openCheckIn(visits.get(u), operator.get(epoch).get(u), authority.get(epoch).get(u)),
        })),
    );
}

function openCheckIn({ entry, exit }, operatorShare, authorityShare) {
  if (entry?.sealed !== undefined) return operatorShare.plus(authorityShare); // an assisted check-in
  try {
    return Point.fromBytes(passOf(entry ?? exit).v).minus(operatorShare).minus(authorityShare);
  } catch (error) {
    if (error instanceof MalformedPoint || error instanceof IdentityElement) return null;
    throw error;
  }
}
