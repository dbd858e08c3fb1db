/** Two sounds: one for those who pass, and one for whoever has to wait. A browser plays none before it is touched. */

/**
 * Frequency in hertz, when it begins, and for how long, in seconds.
 * @typedef {readonly [number, number, number]} Tone
 */

/** @type {Record<'yes' | 'no', readonly Tone[]>} */
const SOUNDS = {
  yes: [
    [880, 0, 0.12],
    [1318.5, 0.11, 0.22],
  ],
  no: [
    [196, 0, 0.16],
    [196, 0.24, 0.3],
  ],
};
const LOUDNESS = 0.4;

/** The loudspeaker of a door. */
export class Sounds {
  isMuted = false;
  /** @type {AudioContext | null} */
  #context = null;

  /** Whether the browser waits for somebody to touch the page. */
  get isWaiting() {
    return this.#context?.state !== 'running';
  }

  /** Have the browser play from now on; call it when somebody has touched the page. */
  async start() {
    this.#context ??= new AudioContext();
    await this.#context.resume();
  }

  /** @param {'yes' | 'no'} which */
  play(which) {
    const context = this.#context;
    if (this.isMuted || context?.state !== 'running') return;
    for (const [frequency, begin, length] of SOUNDS[which]) {
      const [oscillator, loudness] = [context.createOscillator(), context.createGain()];
      const [from, to] = [context.currentTime + begin, context.currentTime + begin + length];
      oscillator.type = which === 'yes' ? 'sine' : 'square';
      oscillator.frequency.value = frequency;
      loudness.gain.setValueAtTime(LOUDNESS, from);
      loudness.gain.exponentialRampToValueAtTime(0.001, to);
      oscillator.connect(loudness).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(to);
    }
  }
}
