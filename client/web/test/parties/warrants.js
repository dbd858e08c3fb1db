/** Warrants and releases. Spec: §3.9. */

import { bytesToHex } from '@noble/hashes/utils.js';
import { CheckInMessage, signedPassParts, verifyCheckIn } from '../../checkins.js';
import { array, bytes, integer, message, sameBytes, text, uint32, uint8 } from '../../encoding.js';
import { Malformed, OutOfScope, Rejected, WrongDomain } from '../../errors.js';
import { verifyJointStatement, verifyStatement } from '../../statements.js';
import { digest32 } from '../../transcript.js';
import { signStatement } from './signing.js';

export const Warrant = message(
  {
    domain: uint8,
    warrant: bytes(16),
    venue: bytes(16),
    begins: uint32,
    ends: uint32,
    legalReference: text(1, 256),
    maxRecords: integer(1, 50_000),
    expires: uint32,
  },
  {
    tag: 'warrant',
    check: ({ begins, ends }) => {
      if (begins >= ends) throw new OutOfScope("a warrant's window must end after it begins");
    },
  },
);

const ReleasedEpoch = message({ epoch: uint32, checkIns: array(bytes(1, 256), 1, 50_000) });

export const Release = message(
  { domain: uint8, warrant: bytes(16), venue: bytes(16), epochs: array(ReleasedEpoch, 0, 64) },
  { tag: 'release' },
);

export function verifyWarrant(domain, joint, now) {
  const record = verifyJointStatement(Warrant, joint, domain.authorityKey, domain.operatorKey);
  if (record.domain !== domain.number) throw new WrongDomain('the statement is of another domain');
  if (now > record.expires) throw new OutOfScope('the warrant has expired');
  return record;
}

/** @param {Map<number, Uint8Array[]>} checkIns encoded, by epoch */
export function releaseOf(warrant, checkIns) {
  const epochs = [...checkIns].sort(([a], [b]) => a - b).map(([epoch, those]) => ({ epoch, checkIns: those }));
  return { domain: warrant.domain, warrant: warrant.warrant, venue: warrant.venue, epochs };
}

export function signRelease(warrant, seed, checkIns) {
  return signStatement(Release, releaseOf(warrant, checkIns), seed);
}

/** `checkIns` has, by epoch, the earliest check-in of each `u` (in hex); `setAside` counts errors by name. */
export function verifyRelease(warrant, venue, epochKeys, release) {
  if (!sameBytes(venue.venue, warrant.venue)) throw new OutOfScope('the warrant names another venue');
  const said = verifyStatement(Release, release, venue.key);
  if (
    said.domain !== warrant.domain ||
    !sameBytes(said.warrant, warrant.warrant) ||
    !sameBytes(said.venue, warrant.venue)
  ) {
    throw new OutOfScope('the release is for another warrant');
  }
  const checkIns = new Map();
  const setAside = {};
  for (const { epoch, checkIns: encodings } of said.epochs) {
    for (const encoding of encodings) {
      try {
        const checkIn = verifyReleased(warrant, epochKeys.get(epoch), encoding);
        keepEarliest(checkIns, epoch, checkIn);
      } catch (error) {
        if (!(error instanceof Malformed || error instanceof Rejected)) throw error;
        setAside[error.name] = (setAside[error.name] ?? 0) + 1;
      }
    }
  }
  return { digest: digest32('release', release), warrant, checkIns, setAside };
}

function verifyReleased(warrant, epochKey, encoding) {
  const said = CheckInMessage.fromBytes(encoding);
  const inWindow = warrant.begins <= said.time && said.time < warrant.ends;
  const atVenue = said.venue === null || sameBytes(said.venue, warrant.venue);
  if (epochKey === undefined || !inWindow || !atVenue) {
    throw new OutOfScope('the check-in lies outside the warrant');
  }
  return verifyCheckIn(epochKey, said).message;
}

function keepEarliest(checkIns, epoch, checkIn) {
  if (!checkIns.has(epoch)) checkIns.set(epoch, new Map());
  const sameEpoch = checkIns.get(epoch);
  const u = bytesToHex(signedPassParts(checkIn).u);
  const known = sameEpoch.get(u);
  if (known === undefined || checkIn.time < known.time) sameEpoch.set(u, checkIn);
}
