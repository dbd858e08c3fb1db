import { Domain } from '../../epochs.js';
import { JointStatement } from '../../statements.js';
import { Venue, verifyVenue } from '../../warrants.js';
import { signStatement } from '../parties/signing.js';
import { Release, Warrant, releaseOf, signRelease, verifyRelease, verifyWarrant } from '../parties/warrants.js';
import { byEpoch, encoded, hex, list, number } from './values.js';

const joint = encoded(JointStatement);
const domain = encoded(Domain);

/** Both parties sign a record of a kind. */
const bothSign = (kind) => [
  { authority_seed: hex, operator_seed: hex, record: encoded(kind) },
  ({ authority_seed, operator_seed, record }) => ({
    joint: JointStatement.toBytes({
      authority: signStatement(kind, record, authority_seed),
      operator: signStatement(kind, record, operator_seed),
    }),
  }),
];

export const releaseKeys = { warrant: joint, now: number, venue: joint, release: hex };

/** The release of a vector, verified. */
export function verifiedRelease({ warrant, now, venue, release }, epochKey) {
  const record = verifyWarrant(epochKey.domain, warrant, now);
  const registered = verifyVenue(epochKey.domain, venue);
  return verifyRelease(record, registered, new Map([[epochKey.epoch, epochKey]]), release);
}

export default {
  venue: {
    make: bothSign(Venue),
    check: [{ domain, joint }, ({ domain, joint }) => ({ record: Venue.toBytes(verifyVenue(domain, joint)) })],
  },
  warrant: {
    make: bothSign(Warrant),
    check: [
      { domain, joint, now: number },
      ({ domain, joint, now }) => ({ record: Warrant.toBytes(verifyWarrant(domain, joint, now)) }),
    ],
  },
  release: {
    make: [
      { seed: hex, check_ins: byEpoch(list(hex)), warrant: joint, now: number },
      ({ seed, check_ins, warrant, now }, epochKey) => ({
        release: signRelease(verifyWarrant(epochKey.domain, warrant, now), seed, check_ins),
      }),
    ],
    steps: ({ check_ins, warrant, now }, epochKey) => ({
      payload: Release.toBytes(releaseOf(verifyWarrant(epochKey.domain, warrant, now), check_ins)),
    }),
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
