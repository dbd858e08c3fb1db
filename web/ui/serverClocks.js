/** What the `Date` of the servers' answers says about the clock here, on which a door lets nobody in. Spec: §6.2. */

/** How wrong a clock is whose user is warned: codes change every 15 s, and a door tolerates 30. */
export const WARNING_SECONDS = 5;
/** Who answered so slowly tells nothing. */
const DOUBTFUL_SECONDS = 4;
/** How a date ends that says of which zone it is. One of HTTP's forms does not, and is of Greenwich. */
const ZONE = /(?:[a-z]|[+-][0-9]{4})$/iu;

/** Collects, in the requests that are sent anyway, between which bounds each server's clock is from this one. */
export class ServerClocks {
  /** @type {Map<string, [number, number]>} */
  #bounds = new Map();

  /**
   * Note the `Date` of an answer, which is cut to seconds, to what was sent and received at these Unix times here.
   * @param {string} server @param {string} date @param {number} sent @param {number} received
   */
  note(server, date, sent, received) {
    const moment = Date.parse(ZONE.test(date) ? date : `${date} GMT`) / 1000;
    if (Number.isNaN(moment)) return;
    const [least, most] = this.#bounds.get(server) ?? [-Infinity, Infinity];
    this.#bounds.set(server, [Math.max(least, moment - received), Math.min(most, moment + 1 - sent)]);
  }

  /** How many seconds the clock here is behind all the servers', below 0 if it is ahead of them; 0 if they differ. */
  secondsBehind() {
    const known = [...this.#bounds.values()]
      .filter(([least, most]) => most >= least && most - least <= DOUBTFUL_SECONDS)
      .map(([least, most]) => (least + most) / 2);
    const nearest = known.reduce((one, other) => (Math.abs(other) < Math.abs(one) ? other : one), known[0] ?? 0);
    return known.every((one) => one * nearest > 0) ? Math.round(nearest) : 0;
  }
}
