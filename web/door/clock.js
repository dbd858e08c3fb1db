/** The door's clock: this device's, set right by what its server says. Spec: §5.5. */

/** How wrong a device's clock is whose staff are warned. */
const WARNING_SECONDS = 5;
/** How wrong it is that nobody is admitted by it alone: codes are tolerated for so long. */
const UNFIT_SECONDS = 30;
/** An answer that took longer tells nothing. */
const DOUBTFUL_SECONDS = 4;

/** @typedef {{ behind: number, latest: number }} KnownTime `latest` is a Unix time that has surely passed */

/** A clock that labels are judged by, and what this reader says of its deliveries. */
export class DoorClock {
  #wall;
  #behind = 0;
  #latest = 0;

  /** @param {() => number} [wall] this device's clock, in Unix seconds with fractions */
  constructor(wall = () => Date.now() / 1000) {
    this.#wall = wall;
  }

  /** Go on with what was known before. @param {KnownTime | undefined} known */
  resume(known) {
    this.#behind = known?.behind ?? 0;
    this.#latest = known?.latest ?? 0;
  }

  /** What is to be kept of it. @returns {KnownTime} */
  get known() {
    return { behind: this.#behind, latest: this.#latest };
  }

  /** This device's own time, for `note`. */
  get wall() {
    return this.#wall();
  }

  /** Unix seconds. */
  now() {
    const now = Math.floor(this.#wall() + this.#behind);
    if (now > this.#latest) this.#latest = now;
    return now;
  }

  /**
   * Take a server's word for the time, which came between two moments of `wall`.
   * @param {number} time @param {number} sent @param {number} received
   */
  note(time, sent, received) {
    if (received - sent > DOUBTFUL_SECONDS || received < sent) return;
    const behind = time + 0.5 - (sent + received) / 2; // a server's seconds are cut off
    this.#behind = Math.abs(behind) < 1 ? 0 : behind;
    this.#latest = time;
  }

  /** How many seconds this device is behind its server; 0 if nobody has to be warned. */
  get warning() {
    return Math.abs(this.#behind) >= WARNING_SECONDS ? Math.round(this.#behind) : 0;
  }

  /** Whether it can be relied on without the server: it was right, and was not set back since. */
  get isFit() {
    const wasSetBack = this.#wall() + this.#behind < this.#latest - WARNING_SECONDS;
    return Math.abs(this.#behind) <= UNFIT_SECONDS && !wasSetBack;
  }
}
