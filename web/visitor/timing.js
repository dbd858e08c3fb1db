/** When a client registers and asks: at times that are drawn before anything is known that could tell. Spec: §3.7. */

/** An epoch that begins sooner, or has begun, is asked for as if so long were left. */
export const SHORTEST_LEAD = 64_800;

/**
 * Draw the Unix time at which a client takes its next step for an epoch that begins at the Unix time `begins`.
 * @param {number} begins @param {number} now
 * @param {(end: number) => number} [below] draws from 0 up to, without, `end`
 * @returns {number}
 */
export function drawTime(begins, now, below = randomBelow) {
  const left = Math.max(begins - now, SHORTEST_LEAD);
  const [least, most] = [Math.floor(left / 18), Math.floor(left / 6)];
  return now + least + below(most - least);
}

/** A uniform number from 0 up to, and without, `end`, which is below 2 ** 32. @param {number} end @returns {number} */
export function randomBelow(end) {
  const whole = 2 ** 32 - (2 ** 32 % end);
  let drawn;
  do [drawn] = crypto.getRandomValues(new Uint32Array(1));
  while (drawn >= whole);
  return drawn % end;
}
