/** Pairing: the token is drawn here, once for a secret, and takes the place of the one before. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pair, pairedToken, pendingSecret, secretIn } from '../../door/pairing.js';
import { Problem, Unreachable, WordedError } from '../../ui/problems.js';
import { MemoryDoorStore } from './imitated.js';

const SECRET = new Uint8Array(16).fill(7);

/** A server that keeps what it was sent, and answers. @param {(sent: number) => Error | null} answer */
function serverWith(answer) {
  const sent = /** @type {Uint8Array[]} */ ([]);
  const sendPair = async (/** @type {Uint8Array} */ _secret, /** @type {Uint8Array} */ token) => {
    sent.push(token);
    const error = answer(sent.length);
    if (error) throw error;
  };
  return { sent, pair: sendPair };
}

test('a secret is read from a fragment of its own form alone', () => {
  assert.deepEqual(secretIn(`#${'07'.repeat(16)}`), SECRET);
  for (const other of ['', '#', `#${'07'.repeat(15)}`, `#${'0G'.repeat(16)}`, '#home'])
    assert.equal(secretIn(other), null);
});

test('where the answer is lost the same token is sent again', async () => {
  const store = new MemoryDoorStore();
  const server = serverWith((sent) => (sent === 1 ? new Unreachable('lost') : null));
  await assert.rejects(pair(store, server, SECRET), Unreachable);
  assert.deepEqual(await pendingSecret(store), SECRET);
  assert.equal(await pairedToken(store), undefined);
  const token = await pair(store, server, SECRET);
  assert.deepEqual(server.sent, [token, token]);
  assert.deepEqual(await pairedToken(store), token);
  assert.equal(await pendingSecret(store), undefined);
});

test('a link that is no longer good leaves the pairing before as it was', async () => {
  const store = new MemoryDoorStore();
  const before = await pair(
    store,
    serverWith(() => null),
    SECRET,
  );
  for (const problem of ['pairing-used', 'pairing-expired']) {
    const server = serverWith(() => new Problem(409, problem, 'no'));
    await assert.rejects(pair(store, server, new Uint8Array(16)), WordedError);
    assert.equal(await pendingSecret(store), undefined);
  }
  assert.deepEqual(await pairedToken(store), before);
});

test('a new pairing forgets what belonged to the one before', async () => {
  const store = new MemoryDoorStore();
  const before = await pair(
    store,
    serverWith(() => null),
    SECRET,
  );
  await store.put('since', 5);
  const after = await pair(
    store,
    serverWith(() => null),
    new Uint8Array(16),
  );
  assert.notDeepEqual(after, before);
  assert.equal(await store.get('since'), undefined);
});
