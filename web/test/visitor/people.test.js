/** Numbers, names, codes, drawn times and clocks. As `tests/client/test_enrolment.py`, `test_timing.py` and others. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { HttpClient, isProtected } from '../../ui/httpClient.js';
import { checkedName, internationalNumber } from '../../ui/people.js';
import { Problem, WordedError } from '../../ui/problems.js';
import { ServerClocks } from '../../ui/serverClocks.js';
import { checkedCode, confirmCode, requestCode } from '../../visitor/enrolment.js';
import { VisitorError } from '../../visitor/errors.js';
import { SHORTEST_LEAD, drawTime } from '../../visitor/timing.js';
import { ALLOWANCE, NOON, enrolled, supplied } from './imitated.js';

test('numbers are taken as people write them', () => {
  for (const typed of [
    '010-1234-5678',
    '010 1234 5678',
    '+82 10-1234-5678',
    '+82 (0)10 1234 5678',
    '0082 10 1234 5678',
  ]) {
    assert.equal(internationalNumber(typed), '+821012345678');
  }
  assert.equal(internationalNumber('+1 (415) 555-2671'), '+14155552671');
  for (const typed of ['', '12', 'phone', '+0123456789', '+1234567890123456']) {
    assert.throws(() => internationalNumber(typed), WordedError, typed);
  }
});

test('names have one spelling, and what is no name is told before it is sent', () => {
  assert.equal(checkedName('  홍  길동 '), '홍 길동');
  assert.equal(checkedName('O’Neill–Smith'), "O'Neill-Smith");
  assert.equal(checkedName('e\u0301'), '\u00e9');
  assert.equal(checkedName('می\u200cخواهم'), 'می\u200cخواهم');
  assert.equal(checkedName('\u200ca\u202eb'), 'ab', 'what nobody sees is left out');
  for (const typed of ['', '   ', '=1+1', 'a\u0000b', '...', '\u3164', '가'.repeat(43)]) {
    assert.throws(() => checkedName(typed), WordedError, JSON.stringify(typed));
  }
});

test('a code has six digits', () => {
  assert.equal(checkedCode(' 123-456 '), '123456');
  assert.equal(checkedCode('[SplitPass] 인증번호 123456'), '123456');
  for (const typed of ['', '12345', '1234567', '12345a']) assert.throws(() => checkedCode(typed), VisitorError);
});

test('a wrong code changes nothing, and costs no message', async () => {
  const { parties, visitor } = await enrolled();
  const before = await visitor.store.read('wallet');
  await requestCode(visitor, '+821012345678');
  await assert.rejects(confirmCode(visitor, '+821012345678', '홍길동', '654321'), Problem);
  assert.deepEqual(await visitor.store.read('wallet'), before);
  await assert.rejects(confirmCode(visitor, '+821012345678', '=', '123456'), WordedError);
  assert.deepEqual(parties.traffic, ['operator POST /v1/verifications', 'operator POST /v1/sessions']);
});

test('enrolling again keeps one’s passes, and another person does not get them', async () => {
  const { parties, visitor } = await supplied();
  await confirmCode(visitor, '+821012345678', '홍길동', '123456');
  assert.equal((await visitor.wallet()).days[0].passes.length, ALLOWANCE);
  parties.accountId = new Uint8Array(16);
  await confirmCode(visitor, '+821087654321', '성춘향', '123456');
  assert.deepEqual((await visitor.wallet()).days, []);
});

test('the drawn time is hours ahead, and two steps are done before the day', () => {
  for (const left of [0, 3600, 3 * 86_400]) {
    const lead = Math.max(left, SHORTEST_LEAD);
    for (const below of [() => 0, (/** @type {number} */ end) => end - 1]) {
      const drawn = drawTime(NOON + left, NOON, below);
      assert.ok(NOON + Math.floor(lead / 18) <= drawn && drawn < NOON + Math.floor(lead / 6));
    }
  }
  const latest = (/** @type {number} */ end) => end - 1;
  const begins = NOON + 3 * 86_400;
  assert.ok(drawTime(begins, drawTime(begins, NOON, latest), latest) < begins);
  assert.notEqual(new Set(Array.from({ length: 20 }, () => drawTime(begins, NOON))).size, 1);
});

test('a clock that is wrong is known to a second, by servers that agree', () => {
  const date = (/** @type {number} */ time) => new Date(time * 1000).toUTCString();
  const clocks = new ServerClocks();
  clocks.note('one', date(NOON + 40), NOON, NOON + 1);
  assert.equal(clocks.secondsBehind(), 40);
  clocks.note('other', date(NOON), NOON, NOON + 0.2);
  assert.equal(clocks.secondsBehind(), 0);
  const slow = new ServerClocks();
  slow.note('one', date(NOON + 40), NOON, NOON + 20);
  slow.note('two', 'no date', NOON, NOON);
  assert.equal(slow.secondsBehind(), 0);
});

test('every form of a date is of Greenwich', () => {
  const { TZ } = process.env;
  process.env.TZ = 'Asia/Seoul';
  try {
    for (const date of [
      'Sun, 13 Sep 2020 12:27:20 GMT',
      'Sunday, 13-Sep-20 12:27:20 GMT',
      'Sun Sep 13 12:27:20 2020',
      'Sun, 13 Sep 2020 12:27:20 -0000',
      'Sun, 13 Sep 2020 21:27:20 +0900',
    ]) {
      const clocks = new ServerClocks();
      clocks.note('one', date, 1_600_000_000, 1_600_000_000);
      assert.equal(clocks.secondsBehind(), 41, date);
    }
  } finally {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  }
});

test('an answer that a cache may give again tells no time', async () => {
  let lasting = '';
  const server = createServer((_request, response) => {
    response.setHeader('Date', new Date((NOON + 60) * 1000).toUTCString());
    response.setHeader('Cache-Control', lasting);
    response.end('.');
  });
  await new Promise((ready) => {
    server.listen(0, '127.0.0.1', () => ready(undefined));
  });
  const address = server.address();
  assert.ok(address && typeof address === 'object');
  try {
    for (const [value, told] of /** @type {[string, number][]} */ ([
      ['no-store', 1],
      ['no-cache', 1],
      ['public, max-age=60', 0],
      ['public, max-age=31536000, immutable', 0],
    ])) {
      /** @type {string[]} */
      const dates = [];
      lasting = value;
      const client = new HttpClient((_origin, date) => dates.push(date));
      assert.equal((await client.call('GET', `http://127.0.0.1:${address.port}/`)).length, 1);
      assert.equal(dates.length, told, value);
    }
  } finally {
    server.close();
  }
});

test('nothing is sent without TLS, except on this machine', () => {
  for (const url of ['https://a.example', 'http://localhost:1', 'http://127.0.0.1', 'http://[::1]:8080'])
    assert.ok(isProtected(url));
  for (const url of ['http://a.example', 'http://127.0.0.1.evil.example', 'ftp://localhost'])
    assert.ok(!isProtected(url));
});
