/** How long a visitor's twelve passes take: a line of JSON with the milliseconds of each round. */

import { ImitatedParties } from './imitated.js';
import { acceptAnswers, requestAllowance } from '../../protocol/passes.js';
import { registerHandle } from '../../protocol/handles.js';
import { issueBatch, verifyAllowance } from '../parties/passes.js';
import { B } from '../../protocol/primitives/group.js';
import { randomBytes } from '@noble/hashes/utils.js';

const ALLOWANCE = 12;
const ROUNDS = Number(process.argv[2] ?? 5);

const parties = new ImitatedParties(ALLOWANCE);
const { key, passSeed } = /** @type {any} */ (parties.epochs.get(parties.today));
const { h } = registerHandle(key, parties.accountId);
const milliseconds = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const begin = performance.now();
  const { pending, request } = requestAllowance(key, h);
  const asked = performance.now();
  const batch = { epoch: key.epoch, requests: verifyAllowance(key, h.times(B), request) };
  const answers = issueBatch(key, passSeed, batch, randomBytes);
  const answered = performance.now();
  const passes = acceptAnswers(key, pending, answers);
  if (passes.length !== ALLOWANCE) throw new Error('a pass is missing');
  milliseconds.push(asked - begin + performance.now() - answered);
}
process.stdout.write(`${JSON.stringify(milliseconds)}\n`);
