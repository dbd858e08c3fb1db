import { Domain } from '../../protocol/epochs.js';
import { JointStatement } from '../../protocol/primitives/statements.js';
import { Venue, verifyVenue } from '../../protocol/warrants.js';
import { signStatement } from '../parties/signing.js';
import { Warrant, verifyWarrant } from '../parties/warrants.js';
import { encoded, hex, number } from './values.js';

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
};
