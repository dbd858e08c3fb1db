import { NotLogged } from '../../protocol/primitives/errors.js';
import {
  Inclusion,
  checkConsistency,
  logOrigin,
  otherParty,
  verifyLoggedEpoch,
  verifyWitnessed,
} from '../../protocol/transparency/logs.js';
import { publishedStatement } from '../../protocol/transparency/logEntries.js';
import { leafHash, verifyInclusion } from '../../protocol/transparency/merkle.js';
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
  inclusion: {
    check: call(
      [key('leaf', hex), key('index', number), key('size', number), key('proof', list(hex)), key('root', hex)],
      (leaf, index, size, proof, root) => {
        if (!verifyInclusion(leaf, index, size, proof, root)) throw new NotLogged('it is not in the tree');
      },
    ),
  },
  'log-entry': {
    check: call([key('entry', hex)], (entry) => ({ statement: publishedStatement(entry) })),
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
