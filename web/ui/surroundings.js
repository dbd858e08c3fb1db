/** What this browser is, as far as the page has to tell its user about it. */

/** Whether the page was opened from the home screen, as an application of its own. */
export const isInstalled = () =>
  matchMedia('(display-mode: standalone)').matches || ('standalone' in navigator && navigator.standalone === true);

/** Whether this is an iPhone or iPad, where the home screen has a storage of its own that lasts. */
export const isApple = () =>
  /iPad|iPhone|iPod/u.test(navigator.userAgent) ||
  (/Macintosh/u.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

/** Ask the browser to keep what is stored here; whether it will. */
export async function keepStorage() {
  return (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}

/** Whether the browser may delete what is stored here by itself. */
export async function mayBeEvicted() {
  return !((await navigator.storage?.persisted?.().catch(() => false)) ?? false);
}
