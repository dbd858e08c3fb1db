/** The sounds of a door: who hears alone can tell them apart. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sounds } from '../../door/sounds.js';

/**
 * A loudspeaker that notes what it plays.
 * @typedef {{ type: string, frequency: number, from: number, to: number }} Played
 */
class ImitatedAudio {
  /** @type {Played[]} */
  static played = [];
  state = 'suspended';
  currentTime = 0;
  destination = {};

  async resume() {
    this.state = 'running';
  }

  createOscillator() {
    const frequency = { value: 0 };
    let from = 0;
    return {
      type: '',
      frequency,
      connect: (/** @type {unknown} */ next) => next,
      start(/** @type {number} */ time) {
        from = time;
      },
      stop(/** @type {number} */ to) {
        ImitatedAudio.played.push({ type: this.type, frequency: frequency.value, from, to });
      },
    };
  }

  createGain() {
    const gain = { setValueAtTime() {}, exponentialRampToValueAtTime() {} };
    return { gain, connect: (/** @type {unknown} */ next) => next };
  }
}

/** What is played of an answer. @param {Sounds} sounds @param {'yes' | 'no'} which */
function heard(sounds, which) {
  ImitatedAudio.played = [];
  sounds.play(which);
  return ImitatedAudio.played;
}

test('nothing is played before somebody touches the page, and then both answers sound different', async () => {
  /** @type {any} */ (globalThis).AudioContext = ImitatedAudio;
  const sounds = new Sounds();
  assert.equal(sounds.isWaiting, true);
  assert.deepEqual(heard(sounds, 'yes'), []);
  await sounds.start();
  assert.equal(sounds.isWaiting, false);
  const [yes, no] = [heard(sounds, 'yes'), heard(sounds, 'no')];
  assert.ok(Math.min(...yes.map(({ frequency }) => frequency)) > Math.max(...no.map(({ frequency }) => frequency)));
  assert.notEqual(yes[0].type, no[0].type);
  assert.ok(yes[1].frequency > yes[0].frequency);
});

test('a door that is muted plays nothing', async () => {
  /** @type {any} */ (globalThis).AudioContext = ImitatedAudio;
  const sounds = new Sounds();
  await sounds.start();
  sounds.isMuted = true;
  for (const which of /** @type {const} */ (['yes', 'no'])) assert.deepEqual(heard(sounds, which), []);
  sounds.isMuted = false;
  assert.equal(heard(sounds, 'no').length, 2);
});
