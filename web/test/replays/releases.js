/**
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { JointStatement } from '../../protocol/primitives/statements.js'
 * @import { VerifiedRelease } from '../parties/releases.js'
 */

import { verifyVenue } from '../../protocol/warrants.js';
import {
  CommitmentOpening,
  CommittedCheckIn,
  EMPTY_TREE,
  VenueCommitment,
  append,
  commitmentDigest,
  rootOf,
  verifyCommitment,
} from '../parties/commitments.js';
import { Release, ReleasedLeaf, verifyRelease } from '../parties/releases.js';
import { signStatement } from '../parties/signing.js';
import { verifyWarrant } from '../parties/warrants.js';
import { call, key } from './call.js';
import {
  commitments,
  epochKey,
  jointVenue,
  jointWarrant,
  now,
  random,
  release,
  seed,
  statement,
  time,
  venue,
} from './keys.js';
import { encoded, hex, list, nullable, number } from './values.js';

const checkIns = key('check_ins', list(encoded(CommittedCheckIn)));
const frontier = key('frontier', list(hex));
const leaves = key('leaves', list(encoded(ReleasedLeaf)));
const openedFrom = key('opened_from', encoded(CommitmentOpening));
const openings = key('openings', list(encoded(CommitmentOpening)));
const ended = key('ended', nullable(number));
const partEnds = key('part_ends', nullable(number));
const uncommitted = key('uncommitted', number);

/** What `verifiedRelease` takes. */
export const releaseKeys = /** @type {const} */ ([
  epochKey,
  jointWarrant,
  now,
  jointVenue,
  commitments,
  release,
]);

/**
 * The release of a vector, verified.
 * @param {EpochKey} epochKey @param {JointStatement} warrant @param {number} now @param {JointStatement} venue
 * @param {Map<number, Uint8Array>} commitments @param {Uint8Array} release @param {number | null} [ended]
 */
function verifiedRelease(epochKey, warrant, now, venue, commitments, release, ended) {
  const { domain, epoch } = epochKey;
  const record = verifyWarrant(domain, warrant, now);
  return verifyRelease(record, verifyVenue(domain, venue), new Map([[epoch, epochKey]]), commitments, release, ended);
}

/**
 * @param {EpochKey} epochKey @param {JointStatement} warrant @param {number} now
 * @param {CommitmentOpening} openedFrom @param {Uint8Array[]} frontier @param {CommitmentOpening[]} openings
 * @param {ReleasedLeaf[]} leaves @param {number | null} partEnds @param {number} uncommitted
 */
function releaseOf(epochKey, warrant, now, openedFrom, frontier, openings, leaves, partEnds, uncommitted) {
  const { domain, warrantId, venueId } = verifyWarrant(epochKey.domain, warrant, now);
  return { domain, warrantId, venueId, openedFrom, frontier, openings, leaves, partEnds, uncommitted };
}

const contents = /** @type {const} */ ([
  epochKey,
  jointWarrant,
  now,
  openedFrom,
  frontier,
  openings,
  leaves,
  partEnds,
  uncommitted,
]);

/** What a vector shows of a release. @param {VerifiedRelease} release */
export const showRelease = ({ digest, visits, setAside, checkIns, partBegins, partEnds, uncommitted }) => ({
  digest,
  visits: [...visits].flatMap(([epoch, sameEpoch]) =>
    [...sameEpoch.keys()].sort().map((u) => {
      const visit = sameEpoch.get(u);
      return { epoch, u, entered: visit?.entry?.time ?? null, left: visit?.exit?.time ?? null };
    }),
  ),
  set_aside: setAside,
  check_ins: checkIns,
  part_begins: partBegins,
  part_ends: partEnds,
  uncommitted,
});

const checkRelease = call([...releaseKeys], verifiedRelease, showRelease);

export default {
  'venue-commitment': {
    make: call([venue, time, checkIns, random, seed], (venue, time, checkIns, random, seed) => {
      const commitment = commitmentDigest(random(32), append(EMPTY_TREE, checkIns));
      const said = { domain: venue.domain, venueId: venue.venueId, time, commitment };
      return { statement: signStatement(VenueCommitment, said, seed) };
    }),
    steps: call([checkIns], (checkIns) => {
      const tree = append(EMPTY_TREE, checkIns);
      return { root: rootOf(tree), frontier: tree.frontier };
    }),
    check: call([venue, statement, now], verifyCommitment, (said) => ({ record: VenueCommitment.toBytes(said) })),
  },
  release: {
    make: call([seed, ...contents], (seed, ...contents) => ({
      release: signStatement(Release, releaseOf(...contents), seed),
    })),
    steps: call([...contents], releaseOf, (release) => ({ payload: Release.toBytes(release) })),
    check: checkRelease,
  },
  'release-edges': { check: checkRelease },
  'release-parts': { check: call([...releaseKeys, ended], verifiedRelease, showRelease) },
};
