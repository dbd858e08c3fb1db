import assert from 'node:assert/strict';
import { possibleEpochs } from '../../protocol/checkIns.js';
import {
  Domain,
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
import { draws, encoded, hex, number } from './values.js';

const domain = encoded(Domain);

export default {
  'epoch-statement': {
    make: [
      { seed: hex, random: draws, domain, role: number, epoch: number },
      ({ seed, random, domain, role, epoch }) => ({
        statement: createEpoch(domain, role, epoch, seed, random).statement,
      }),
    ],
    steps: ({ seed, random, domain, role, epoch }) => {
      const { x, passSeed, said } = createEpoch(domain, role, epoch, seed, random);
      return {
        x,
        pass_seed: passSeed,
        possession_context: possessionContext(domain, role, epoch),
        possession: said.possession,
        payload: EpochStatement.toBytes(said),
      };
    },
    check: [
      { domain, role: number, epoch: number, statement: hex },
      ({ domain, role, epoch, statement }) => {
        const { keyShare, passKey } = verifyEpochStatement(domain, role, epoch, statement);
        return { key_share: keyShare, pass_key: passKey };
      },
    ],
  },
  'epoch-key': {
    steps: ({ operator_statement, authority_statement }) => ({
      operator: statementPayload(operator_statement),
      authority: statementPayload(authority_statement),
    }),
    check: [
      { domain, epoch: number, operator_statement: hex, authority_statement: hex },
      ({ domain, epoch, operator_statement, authority_statement }) => {
        const { X, passKey, context } = verifyEpoch(domain, epoch, operator_statement, authority_statement);
        return { X, pass_key: passKey, context };
      },
    ],
  },
  'conflicting-statements': {
    check: [{ known: hex, received: hex }, ({ known, received }) => checkSameStatement(known, received)],
  },
  'epochs-of-times': {
    check: [
      { domain, time: number, direction: number },
      ({ domain, time, direction }) => {
        const { first, last } = possibleEpochs(domain, time, direction);
        assert.equal(epochAt(domain, time), last);
        const epochs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
        return { epochs, begins: epochs.map((epoch) => epochBegins(domain, epoch)) };
      },
    ],
  },
};
