/** Warrants and releases. Spec: §3.9. */

import { bytesToHex } from '@noble/hashes/utils.js';
import { CheckInMessage, Direction, MAX_STAY, signedPassParts, verifyCheckIn } from '../../checkins.js';
import { array, bytes, enumeration, integer, message, sameBytes, text, uint32, uint8 } from '../../encoding.js';
import { Malformed, OutOfScope, Rejected, WrongDomain } from '../../errors.js';
import { verifyJointStatement, verifyStatement } from '../../statements.js';
import { digest32 } from '../../transcript.js';
import { signStatement } from './signing.js';

const REQUEST_TOLERANCE = 120;
const Purpose = { OPENING: 1, NOTICE: 2 };

export const Warrant = message(
  {
    domain: uint8,
    warrant: bytes(16),
    venue: bytes(16),
    purpose: enumeration(Purpose),
    begins: uint32,
    ends: uint32,
    assumedStay: integer(0, MAX_STAY),
    legalReference: text(1, 256),
    maxRecords: integer(1, 50_000),
    issued: uint32,
    expires: uint32,
    discloses: uint32,
  },
  {
    tag: 'warrant',
    check: ({ begins, ends, issued, expires, discloses }) => {
      if (begins >= ends) throw new OutOfScope("a warrant's window must end after it begins");
      if (discloses > issued + 90 * 86_400) throw new OutOfScope("a warrant's embargo lasts too long");
      if (issued > Math.min(expires, discloses)) {
        throw new OutOfScope('a warrant must not expire or disclose before it is issued');
      }
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
  if (record.issued > now + REQUEST_TOLERANCE) throw new OutOfScope('the warrant is not issued yet');
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

/**
 * `visits` has, by epoch and `u` (in hex), the entry and the exit that count; `setAside` counts errors by name.
 */
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
  const visits = new Map();
  const setAside = {};
  const count = (name, n) => {
    if (n) setAside[name] = (setAside[name] ?? 0) + n;
  };
  for (const { epoch, checkIns } of said.epochs) {
    for (const encoding of checkIns) {
      try {
        keepEarliest(visits, epoch, verifyReleased(warrant, epochKeys.get(epoch), encoding));
      } catch (error) {
        if (!(error instanceof Malformed || error instanceof Rejected)) throw error;
        count(error.name, 1);
      }
    }
  }
  for (const [epoch, sameEpoch] of visits) {
    for (const [u, visit] of sameEpoch) {
      const stay = visit.exit?.time - visit.entry?.time;
      if (stay < 0 || stay > MAX_STAY) delete visit.exit;
      if (!covers(warrant, visit.entry?.time, visit.exit?.time)) {
        count('OutOfScope', Object.keys(visit).length);
        sameEpoch.delete(u);
      }
    }
    if (sameEpoch.size === 0) visits.delete(epoch);
  }
  return { digest: digest32('release', release), warrant, visits, setAside };
}

function verifyReleased(warrant, epochKey, encoding) {
  const said = CheckInMessage.fromBytes(encoding);
  const isNear = warrant.begins - MAX_STAY <= said.time && said.time < warrant.ends + MAX_STAY;
  const atVenue = said.venue === null || sameBytes(said.venue, warrant.venue);
  if (epochKey === undefined || !isNear || !atVenue) {
    throw new OutOfScope('the check-in lies outside the warrant');
  }
  return verifyCheckIn(epochKey, said).message;
}

function covers({ begins, ends, assumedStay }, entered, left) {
  if (entered === undefined) return begins <= left && left < ends;
  return entered < ends && (left ?? entered + assumedStay) >= begins;
}

function keepEarliest(visits, epoch, checkIn) {
  if (!visits.has(epoch)) visits.set(epoch, new Map());
  const sameEpoch = visits.get(epoch);
  const u = bytesToHex(signedPassParts(checkIn).u);
  if (!sameEpoch.has(u)) sameEpoch.set(u, {});
  const visit = sameEpoch.get(u);
  const which = checkIn.direction === Direction.ENTRY ? 'entry' : 'exit';
  if (visit[which] === undefined || checkIn.time < visit[which].time) visit[which] = checkIn;
}
