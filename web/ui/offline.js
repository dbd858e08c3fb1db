/**
 * Offline use, for service workers: the page's own files, as they were built together, and `domain.json` where a page
 * has one. Everything else goes to the network. Whoever serves the page can replace this at any time: it gives no trust.
 */

const CACHE = `splitpass ${JSON.stringify(BUILT_FILES).length} ${Object.values(BUILT_FILES)
  .map(({ sha256 }) => sha256.slice(0, 8))
  .join('')}`;
const DOMAIN = 'domain.json';
const scope = /** @type {any} */ (self);

/**
 * Answer for the page, also without a network.
 * @param {{ domain: boolean, atOnce?: (name: string) => boolean }} page whether it has a `domain.json`, and which of its
 *   files are kept before they are asked for the first time
 */
export function serveOffline({ domain, atOnce = () => true }) {
  scope.addEventListener('install', (/** @type {any} */ event) => {
    const wanted = [...Object.keys(BUILT_FILES).filter(atOnce), ...(domain ? [DOMAIN] : [])];
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)));
  });
  scope.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(forgetOthers()));
  scope.addEventListener('fetch', (/** @type {any} */ event) => {
    const name = nameOf(event.request);
    if (name !== null) event.respondWith(answer(name, event.request));
  });
}

/** What the page's `domain.json` says, as it was kept; undefined if it was not. @returns {Promise<any>} */
export async function keptDomain() {
  return (await (await caches.open(CACHE)).match(DOMAIN))?.json();
}

async function forgetOthers() {
  const others = (await caches.keys()).filter((name) => name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** The file of the page that is asked for; null if it is none. @param {Request} request */
function nameOf({ method, url }) {
  const base = new URL('.', scope.registration.scope).href;
  const { href } = new URL(url);
  if (method !== 'GET' || !href.startsWith(base)) return null;
  const name = href.slice(base.length).split(/[?#]/u)[0] || 'index.html';
  return name in BUILT_FILES || name === DOMAIN ? name : null;
}

/** @param {string} name @param {Request} request */
async function answer(name, request) {
  const cache = await caches.open(CACHE);
  if (name === DOMAIN) return keep(cache, name, request).catch(() => cache.match(name));
  return (await cache.match(name)) ?? keep(cache, name, request);
}

/** @param {Cache} cache @param {string} name @param {Request} request */
async function keep(cache, name, request) {
  const received = await fetch(request);
  if (received.ok) await cache.put(name, received.clone());
  return received;
}
