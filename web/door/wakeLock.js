/** Keeping the screen on. */

/** Holds the screen awake; browsers end that whenever the page goes out of sight. */
export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;

  /** Hold it from now on. */
  hold() {
    document.addEventListener('visibilitychange', this.#request);
    this.#request();
  }

  /** Let the screen sleep. */
  release() {
    document.removeEventListener('visibilitychange', this.#request);
    this.#sentinel?.release();
    this.#sentinel = null;
  }

  #request = async () => {
    if (document.visibilityState !== 'visible') return;
    try {
      this.#sentinel = (await navigator.wakeLock?.request('screen')) ?? null;
    } catch {
      // a device that saves power may say no
    }
  };
}
