/** What is decided once. As `tests/venue/test_camera.py`. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { View } from '../../door/view.js';
import { openEntries } from '../../visitor/visits.js';
import { NOON, supplied } from '../visitor/imitated.js';

/** A view whose clock the test sets, and the codes of two people of a group. */
async function held() {
  const { visitor } = await supplied();
  const screens = await openEntries(visitor, 2);
  let now = 0;
  const view = new View(() => now);
  return {
    view,
    /** @param {number} person @param {number} [later] */
    text: (person, later = 0) => screens[person].text(NOON + later),
    /** @param {number} seconds */
    wait: (seconds) => {
      now += seconds;
    },
  };
}

test('a text that is held up is decided once, and again after it was out of view for three seconds', async () => {
  const { view, wait } = await held();
  assert.equal(view.isNew('some text'), true);
  for (let i = 0; i < 10; i += 1) {
    wait(1);
    assert.equal(view.isNew('some text'), false);
  }
  wait(2.9);
  assert.equal(view.isNew('some text'), false);
  wait(3);
  assert.equal(view.isNew('some text'), true);
});

test('the codes of a pass that was admitted are not decided again while the phone is held up', async () => {
  const { view, text, wait } = await held();
  assert.equal(view.isNew(text(0)), true);
  view.admit(text(0));
  wait(15);
  assert.notEqual(text(0, 15), text(0));
  assert.equal(view.isNew(text(0, 15)), false);
  wait(29);
  assert.equal(view.isNew(text(0, 30)), false);
  wait(30);
  assert.equal(view.isNew(text(0, 60)), true);
});

test('the codes of a group that are shown in turn are decided once each, whether they are admitted or not', async () => {
  for (const admits of [true, false]) {
    const { view, text, wait } = await held();
    const decided = [];
    for (let turn = 0; turn < 8; turn += 1) {
      const shown = text(turn % 2);
      if (view.isNew(shown)) {
        decided.push(turn);
        if (admits) view.admit(shown);
      }
      wait(1);
    }
    assert.deepEqual(decided, [0, 1]);
  }
});

test('a code that was refused is decided again as soon as the phone has made one of another time', async () => {
  const { view, text } = await held();
  assert.equal(view.isNew(text(0)), true);
  assert.equal(view.isNew(text(0)), false);
  assert.equal(view.isNew(text(0, 15)), true);
});
