/** To whom a code was sent, until it is typed: a phone may load the page anew while its owner reads the message. */

const NAME = 'splitpass code';
/** Nothing of it is kept for longer: whoever has the device next should not read it. */
const MILLISECONDS = 300_000;

/**
 * A number in E.164 form, the name that was typed, and when, in milliseconds.
 * @typedef {{ phone: string, name: string, sentAt: number }} SentCode
 */

/** Keep it in this tab alone. @param {string} phone @param {string} name */
export function keepSentCode(phone, name) {
  sessionStorage.setItem(NAME, JSON.stringify({ phone, name, sentAt: Date.now() }));
  sentCode();
}

/** What is kept; what is too old is forgotten, now or when it is. @returns {SentCode | null} */
export function sentCode() {
  const kept = sessionStorage.getItem(NAME);
  if (kept === null) return null;
  /** @type {SentCode} */
  const sent = JSON.parse(kept);
  const age = Date.now() - sent.sentAt;
  if (age >= 0 && age < MILLISECONDS) {
    setTimeout(sentCode, MILLISECONDS - age);
    return sent;
  }
  forgetSentCode();
  return null;
}

/** Forget it. */
export function forgetSentCode() {
  sessionStorage.removeItem(NAME);
}
