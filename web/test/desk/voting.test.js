/** An officer's page has nothing signed but what it shows. */

/** @import { Vote as OneVote } from '../../desk/records.js' */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '@noble/hashes/utils.js';
import { Desk } from '../../desk/desk.js';
import { Action, Decision, OfficerSet, Vote, setDigest, voteChallenge } from '../../desk/records.js';
import { Domain, Role } from '../../protocol/epochs.js';
import { B } from '../../protocol/primitives/group.js';

const DOMAIN = { number: 7, operatorKey: B, authorityKey: B, utcOffset: 32_400, allowance: 12 };
/** @param {number} version */
const officers = (version) => ({
  domain: 7,
  role: Role.AUTHORITY,
  version,
  replaces: new Uint8Array(32),
  origin: 'http://localhost:8412',
  officers: [{ name: '김하나', passkeys: [{ credentialId: Uint8Array.of(1), publicKey: Uint8Array.of(2) }] }],
  thresholds: [{ action: Action.OFFICERS, approvals: 1 }],
});
const SET = officers(3);
const SHOWN = {
  role: Role.AUTHORITY,
  action: Action.WARRANT,
  decision: Decision.APPROVE,
  reason: '',
  payload: Uint8Array.of(1, 2, 3),
  replaced: new Uint8Array(),
  version: 3,
  officers: setDigest(SET),
  nonce: new Uint8Array(32),
  expires: 1_700_000_000,
};
const MATTER = /** @type {any} */ ({ id: 'aa', kind: 'warrant', payload: '010203', replaced: '' });

/** What a desk says to a vote that its server has written so. @param {Partial<OneVote>} changes */
function prepare(changes) {
  const desk = new Desk({
    role: 'authority',
    domain_bytes: bytesToHex(Domain.toBytes(DOMAIN)),
    name: '7 operator.example',
    set: {},
    now: 0,
  });
  const vote = bytesToHex(Vote.toBytes({ ...SHOWN, ...changes }));
  desk.client.post = async () => ({ vote, options: { rpId: 'localhost' } });
  return desk.prepareVote(MATTER, 'approve', '', SET);
}

test('a vote on what is shown is prepared', async () => {
  const { vote } = await prepare({});
  assert.deepEqual(vote, SHOWN);
});

/** @type {[string, Partial<OneVote>][]} */
const LIES = [
  ['another payload', { payload: Uint8Array.of(1, 2, 4) }],
  ['another kind', { action: Action.NOTICE }],
  ['another decision', { decision: Decision.REFUSE }],
  ['a reason', { reason: 'because' }],
  ['the other party', { role: Role.OPERATOR }],
  ['something that is replaced', { replaced: new Uint8Array(32) }],
  ['another version', { version: 4 }],
  ['another set', { officers: setDigest(officers(4)) }],
];
for (const [name, changes] of LIES) {
  test(`a vote with ${name} is refused`, async () => {
    await assert.rejects(prepare(changes), { name: 'DeskError' });
  });
}

test('the challenge covers the domain and every field of a vote', () => {
  const challenges = [
    voteChallenge(DOMAIN, SHOWN),
    voteChallenge({ ...DOMAIN, number: 8 }, SHOWN),
    ...[...LIES.map(([, changes]) => changes), { nonce: new Uint8Array(32).fill(1) }, { expires: 1 }].map((changes) =>
      voteChallenge(DOMAIN, { ...SHOWN, ...changes }),
    ),
  ].map(bytesToHex);
  assert.equal(new Set(challenges).size, challenges.length);
});

test('a set of officers is read as it is written', () => {
  assert.deepEqual(OfficerSet.fromBytes(OfficerSet.toBytes(SET)), SET);
});
