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
import { encoded, hex, list } from './values.js';

const checkIns = key('check_ins', list(encoded(CommittedCheckIn)));
const frontier = key('frontier', list(hex));
const leaves = key('leaves', list(encoded(ReleasedLeaf)));
const openedFrom = key('opened_from', encoded(CommitmentOpening));
const openings = key('openings', list(encoded(CommitmentOpening)));

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
 * @param {Map<number, Uint8Array>} commitments @param {Uint8Array} release
 */
function verifiedRelease(epochKey, warrant, now, venue, commitments, release) {
  const { domain, epoch } = epochKey;
  const record = verifyWarrant(domain, warrant, now);
  return verifyRelease(record, verifyVenue(domain, venue), new Map([[epoch, epochKey]]), commitments, release);
}

/**
 * @param {EpochKey} epochKey @param {JointStatement} warrant @param {number} now
 * @param {CommitmentOpening} openedFrom @param {Uint8Array[]} frontier @param {CommitmentOpening[]} openings
 * @param {ReleasedLeaf[]} leaves
 */
function releaseOf(epochKey, warrant, now, openedFrom, frontier, openings, leaves) {
  const { domain, warrantId, venueId } = verifyWarrant(epochKey.domain, warrant, now);
  return { domain, warrantId, venueId, openedFrom, frontier, openings, leaves };
}

const contents = /** @type {const} */ ([epochKey, jointWarrant, now, openedFrom, frontier, openings, leaves]);

/** What a vector shows of a release. @param {VerifiedRelease} release */
export const showRelease = ({ digest, visits, setAside }) => ({
  digest,
  visits: [...visits].flatMap(([epoch, sameEpoch]) =>
    [...sameEpoch.keys()].sort().map((u) => {
      const visit = sameEpoch.get(u);
      return { epoch, u, entered: visit?.entry?.time ?? null, left: visit?.exit?.time ?? null };
    }),
  ),
  set_aside: setAside,
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
};
