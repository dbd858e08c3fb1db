import { JointStatement } from '../../protocol/primitives/statements.js';
import { Venue, verifyVenue } from '../../protocol/warrants.js';
import {
  CommitmentOpening,
  CommittedCheckIn,
  EMPTY_TREE,
  Release,
  ReleasedLeaf,
  VenueCommitment,
  append,
  commitmentDigest,
  rootOf,
  verifyCommitment,
  verifyRelease,
} from '../parties/releases.js';
import { signStatement } from '../parties/signing.js';
import { verifyWarrant } from '../parties/warrants.js';
import { byEpoch, draws, encoded, hex, list, number } from './values.js';

const joint = encoded(JointStatement);

export const releaseKeys = { warrant: joint, now: number, venue: joint, commitments: byEpoch(hex), release: hex };

/** The release of a vector, verified. */
export function verifiedRelease({ warrant, now, venue, commitments, release }, epochKey) {
  const record = verifyWarrant(epochKey.domain, warrant, now);
  const registered = verifyVenue(epochKey.domain, venue);
  return verifyRelease(record, registered, new Map([[epochKey.epoch, epochKey]]), commitments, release);
}

const releaseOf = ({ opened_from, frontier, openings, leaves, warrant, now }, epochKey) => {
  const { domain, warrant: id, venue } = verifyWarrant(epochKey.domain, warrant, now);
  return { domain, warrant: id, venue, openedFrom: opened_from, frontier, openings, leaves };
};

export default {
  'venue-commitment': {
    make: [
      { seed: hex, random: draws, time: number, check_ins: list(encoded(CommittedCheckIn)), venue: encoded(Venue) },
      ({ seed, random, time, check_ins, venue }) => {
        const commitment = commitmentDigest(random(32), append(EMPTY_TREE, check_ins));
        const said = { domain: venue.domain, venue: venue.venue, time, commitment };
        return { statement: signStatement(VenueCommitment, said, seed) };
      },
    ],
    steps: ({ random, check_ins }) => {
      random(32); // the salt is in neither
      const tree = append(EMPTY_TREE, check_ins);
      return { root: rootOf(tree), frontier: tree.frontier };
    },
    check: [
      { venue: encoded(Venue), now: number, statement: hex },
      ({ venue, now, statement }) => ({ record: VenueCommitment.toBytes(verifyCommitment(venue, statement, now)) }),
    ],
  },
  release: {
    make: [
      {
        seed: hex,
        opened_from: encoded(CommitmentOpening),
        frontier: list(hex),
        openings: list(encoded(CommitmentOpening)),
        leaves: list(encoded(ReleasedLeaf)),
        warrant: joint,
        now: number,
      },
      (values, epochKey) => ({ release: signStatement(Release, releaseOf(values, epochKey), values.seed) }),
    ],
    steps: (values, epochKey) => ({ payload: Release.toBytes(releaseOf(values, epochKey)) }),
    check: [
      releaseKeys,
      (values, epochKey) => {
        const { digest, visits, setAside } = verifiedRelease(values, epochKey);
        return {
          digest,
          visits: [...visits].flatMap(([epoch, kept]) =>
            [...kept.keys()].sort().map((u) => {
              const { entry, exit } = kept.get(u);
              return { epoch, u, entered: entry?.time ?? null, left: exit?.time ?? null };
            }),
          ),
          set_aside: setAside,
        };
      },
    ],
  },
};
