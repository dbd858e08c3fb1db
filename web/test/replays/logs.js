import { Domain, Role } from '../../protocol/epochs.js';
import { Inclusion, checkConsistency, logOrigin, verifyLoggedEpoch, verifyWitnessed } from '../../protocol/transparency/logs.js';
import { leafHash } from '../../protocol/transparency/merkle.js';
import { encoded, hex, list, number } from './values.js';

const domain = encoded(Domain);

export default {
  checkpoint: {
    steps: ({ domain, role }) => ({
      origin: logOrigin(domain, role),
      witness: logOrigin(domain, role === Role.OPERATOR ? Role.AUTHORITY : Role.OPERATOR),
    }),
    check: [
      { domain, role: number, note: hex },
      ({ domain, role, note }) => {
        const { checkpoint, time } = verifyWitnessed(domain, role, note);
        return { size: checkpoint.size, root: checkpoint.root, time };
      },
    ],
  },
  consistency: {
    check: [
      { earlier: number, earlier_root: hex, later: number, later_root: hex, proof: list(hex) },
      ({ earlier, earlier_root, later, later_root, proof }) =>
        checkConsistency({ size: earlier, root: earlier_root }, { size: later, root: later_root }, proof),
    ],
  },
  'logged-epoch': {
    steps: ({ domain, role, inclusion }) => ({
      leaf: leafHash(inclusion.entry),
      root: verifyWitnessed(domain, role, inclusion.checkpoint).checkpoint.root,
    }),
    check: [
      { domain, role: number, statement: hex, inclusion: encoded(Inclusion) },
      ({ domain, role, statement, inclusion }) => {
        const { checkpoint, time } = verifyLoggedEpoch(domain, role, statement, inclusion);
        return { size: checkpoint.size, time };
      },
    ],
  },
};
