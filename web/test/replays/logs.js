import {
  Inclusion,
  checkConsistency,
  logOrigin,
  otherParty,
  verifyLoggedEpoch,
  verifyWitnessed,
} from '../../protocol/transparency/logs.js';
import { leafHash } from '../../protocol/transparency/merkle.js';
import { call, key } from './call.js';
import { domain, role, statement } from './keys.js';
import { encoded, hex, list, number } from './values.js';

const earlier = key('earlier', number);
const earlierRoot = key('earlier_root', hex);
const inclusion = key('inclusion', encoded(Inclusion));
const later = key('later', number);
const laterRoot = key('later_root', hex);

export default {
  checkpoint: {
    steps: call([domain, role], (domain, role) => ({
      origin: logOrigin(domain, role),
      witness: logOrigin(domain, otherParty(role)),
    })),
    check: call([domain, role, key('note', hex)], verifyWitnessed, ({ checkpoint, time }) => ({
      size: checkpoint.size,
      root: checkpoint.root,
      time,
    })),
  },
  consistency: {
    check: call(
      [earlier, earlierRoot, later, laterRoot, key('proof', list(hex))],
      (earlier, earlierRoot, later, laterRoot, proof) =>
        checkConsistency({ size: earlier, root: earlierRoot }, { size: later, root: laterRoot }, proof),
    ),
  },
  'logged-epoch': {
    steps: call([domain, role, inclusion], (domain, role, inclusion) => ({
      leaf: leafHash(inclusion.entry),
      root: verifyWitnessed(domain, role, inclusion.checkpoint).checkpoint.root,
    })),
    check: call([domain, role, statement, inclusion], verifyLoggedEpoch, ({ checkpoint, time }) => ({
      size: checkpoint.size,
      time,
    })),
  },
};
