/**
 * Offline use: the page's own files, as they were built together. Everything else goes to the network. Where the
 * browser wakes it now and then, it does what is due. Whoever serves the page can replace this at any time: it gives
 * no trust.
 */

import { readDomain } from './domain.js';
import { fetchDue } from './fetching.js';
import { Store } from './store.js';
import { Visitor } from './visitor.js';

const NAMES = Object.keys(BUILT_FILES);
const CACHE = `splitpass ${JSON.stringify(BUILT_FILES).length} ${Object.values(BUILT_FILES)
  .map(({ sha256 }) => sha256.slice(0, 8))
  .join('')}`;
const scope = /** @type {any} */ (self);

scope.addEventListener('install', (/** @type {any} */ event) => {
  const wanted = [...NAMES.filter((name) => !name.endsWith('.wasm')), 'domain.json'];
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)));
});

scope.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)))),
  );
});

scope.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  const base = new URL('.', scope.registration.scope).href;
  const name = url.href.startsWith(base) ? url.href.slice(base.length).split(/[?#]/u)[0] || 'index.html' : null;
  if (request.method !== 'GET' || name === null || !(name in BUILT_FILES || name === 'domain.json')) return;
  event.respondWith(
    caches.open(CACHE).then(async (cache) => {
      if (name === 'domain.json') return keep(cache, name, request).catch(() => cache.match(name));
      return (await cache.match(name)) ?? keep(cache, name, request);
    }),
  );
});

scope.addEventListener('periodicsync', (/** @type {any} */ event) => {
  event.waitUntil(fetchWhatIsDue());
});

async function fetchWhatIsDue() {
  const domain = await (await caches.open(CACHE)).match('domain.json');
  const store = await Store.open();
  if (!domain || store.isLocked) return;
  await fetchDue(new Visitor(store, readDomain(await domain.json())));
  new BroadcastChannel('splitpass').postMessage('changed');
}

/** @param {Cache} cache @param {string} name @param {Request} request */
async function keep(cache, name, request) {
  const answer = await fetch(request);
  if (answer.ok) await cache.put(name, answer.clone());
  return answer;
}
