import assert from 'node:assert/strict';
import { possibleEpochs } from '../../protocol/checkIns.js';
import {
  EpochStatement,
  checkSameStatement,
  epochAt,
  epochBegins,
  possessionContext,
  verifyEpoch,
  verifyEpochStatement,
} from '../../protocol/epochs.js';
import { statementPayload } from '../../protocol/primitives/statements.js';
import { createEpoch } from '../parties/epochs.js';
import { call, key } from './call.js';
import {
  authorityStatement,
  direction,
  domain,
  epoch,
  operatorStatement,
  random,
  role,
  seed,
  statement,
  time,
} from './keys.js';
import { hex } from './values.js';

export default {
  'epoch-statement': {
    make: call([domain, role, epoch, seed, random], createEpoch, ({ statement }) => ({ statement })),
    steps: call([domain, role, epoch, seed, random], (domain, role, epoch, seed, random) => {
      const { x, passSeed, said } = createEpoch(domain, role, epoch, seed, random);
      return {
        x,
        pass_seed: passSeed,
        possession_context: possessionContext(domain, role, epoch),
        possession: said.possession,
        payload: EpochStatement.toBytes(said),
      };
    }),
    check: call([domain, role, epoch, statement], verifyEpochStatement, ({ keyShare, passKey }) => ({
      key_share: keyShare,
      pass_key: passKey,
    })),
  },
  'epoch-key': {
    steps: call([operatorStatement, authorityStatement], (operator, authority) => ({
      operator: statementPayload(operator),
      authority: statementPayload(authority),
    })),
    check: call([domain, epoch, operatorStatement, authorityStatement], verifyEpoch, ({ X, passKey, context }) => ({
      X,
      pass_key: passKey,
      context,
    })),
  },
  'conflicting-statements': {
    check: call([key('known', hex), key('received', hex)], checkSameStatement),
  },
  'epochs-of-times': {
    check: call([domain, time, direction], (domain, time, direction) => {
      const { first, last } = possibleEpochs(domain, time, direction);
      assert.equal(epochAt(domain, time), last);
      const epochs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
      return { epochs, begins: epochs.map((epoch) => epochBegins(domain, epoch)) };
    }),
  },
};
