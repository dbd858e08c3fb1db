/** Following logs: what is on record, and that it only grows. As `tests/client/test_logs.py`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Role } from '../../protocol/epochs.js';
import { MalformedEncoding } from '../../protocol/primitives/errors.js';
import { LogEntry } from '../../protocol/transparency/logEntries.js';
import { Inclusion } from '../../protocol/transparency/logs.js';
import {
  leafHash,
  proveConsistency,
  rootOf,
  subtreesOf,
  verifyConsistency,
} from '../../protocol/transparency/merkle.js';
import { tilePath, tileWith } from '../../protocol/transparency/tiles.js';
import { fetchEarlierRoot } from '../../visitor/log.js';
import { NOON, enrolled } from './imitated.js';

const ERASED = 2;
const EpochErased = (/** @type {number} */ epoch) =>
  LogEntry.toBytes({ time: NOON, kind: ERASED, body: Uint8Array.of(0x81, epoch) });

/** @param {import('./imitated.js').MemoryLog} log @param {number} count */
function grow(log, count) {
  for (let added = 0; added < count; added += 1) log.entries.push(EpochErased(added % 20));
}

test('a log that grew is followed, by tiles that everybody fetches', async () => {
  const { parties, visitor } = await enrolled();
  await visitor.epochs.fetch(visitor.client, parties.today);
  grow(parties.logs[Role.OPERATOR], 300);
  await visitor.epochs.fetch(visitor.client, parties.today);
  const tiles = parties.traffic.filter((sent) => sent.includes('/log/tile/'));
  assert.ok(tiles.length > 0);
  assert.ok(
    tiles.every((sent) => !sent.endsWith('.p/4')),
    'no request tells the size that was known',
  );
});

test('a log that changes its past is refused for ever', async () => {
  const { parties, visitor } = await enrolled();
  grow(parties.logs[Role.AUTHORITY], 3);
  await visitor.epochs.fetch(visitor.client, parties.today);
  parties.logs[Role.AUTHORITY].entries[5] = EpochErased(21);
  grow(parties.logs[Role.AUTHORITY], 2);
  await assert.rejects(visitor.epochs.fetch(visitor.client, parties.today), { name: 'InconsistentLog' });
  assert.ok(await visitor.store.get('log/authority/conflict'));
  parties.logs[Role.AUTHORITY].entries[5] = EpochErased(1);
  await assert.rejects(visitor.epochs.fetch(visitor.client, parties.today), { name: 'InconsistentLog' });
});

test('a key that is not proven to be on record is not used', async () => {
  const { parties, visitor } = await enrolled();
  const path = `operator GET /v1/epochs/${parties.today}/inclusion`;
  parties.answers.set(path, () => parties.logs[Role.OPERATOR].inclusion(1));
  await assert.rejects(visitor.epochs.fetch(visitor.client, parties.today), { name: 'NotLogged' });
  parties.answers.set(path, () => {
    const inclusion = Inclusion.fromBytes(parties.logs[Role.OPERATOR].inclusion(0));
    return Inclusion.toBytes({ ...inclusion, proof: [] });
  });
  await assert.rejects(visitor.epochs.fetch(visitor.client, parties.today), { name: 'NotLogged' });
});

test('tiles that are not of the checkpoint are no evidence', async () => {
  const { parties, visitor } = await enrolled();
  await visitor.epochs.fetch(visitor.client, parties.today);
  grow(parties.logs[Role.OPERATOR], 3);
  parties.answers.set('/v1/log/tile/0/000.p/7', () => new Uint8Array(7 * 32));
  await assert.rejects(visitor.epochs.fetch(visitor.client, parties.today), MalformedEncoding);
  assert.equal(await visitor.store.get('log/operator/conflict'), undefined);
});

test('any earlier root is found from tiles', async () => {
  const { parties } = await enrolled();
  const log = parties.logs[Role.OPERATOR];
  grow(log, 260);
  const size = log.entries.length;
  const checkpoint = { origin: '', size, root: rootOf(subtreesOf(log.leaves), size) };
  for (const earlier of [0, 1, 4, 255, 256, 257, size]) {
    const root = await fetchEarlierRoot(/** @type {any} */ (parties), 'https://operator.files.example', checkpoint, earlier);
    assert.deepEqual(root, rootOf(subtreesOf(log.leaves), earlier));
  }
});

test('what is proven to be consistent verifies, and under no other root', () => {
  const leaves = Array.from({ length: 20 }, (_, place) => leafHash(Uint8Array.of(place)));
  const subtrees = subtreesOf(leaves);
  for (let size = 0; size <= leaves.length; size += 1) {
    for (let old = 0; old <= size; old += 1) {
      const proof = proveConsistency(subtrees, old, size);
      const [oldRoot, root] = [rootOf(subtrees, old), rootOf(subtrees, size)];
      assert.ok(verifyConsistency(old, oldRoot, size, root, proof));
      if (0 < old && old < size) assert.ok(!verifyConsistency(old, oldRoot, size, leaves[0], proof) || size === 1);
    }
  }
});

test('tiles have the names that C2SP gives them', () => {
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), '0/x001/x234/067');
  assert.equal(tilePath({ level: 1, index: 0, width: 5 }), '1/000.p/5');
  assert.deepEqual(tileWith(70_000, 8, 200), { level: 1, index: 0, width: 256 });
  assert.deepEqual(tileWith(70_000, 0, 69_999), { level: 0, index: 273, width: 112 });
});
