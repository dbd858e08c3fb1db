/** Offline use. Where the browser wakes it now and then, it does what is due. */

import { keptDomain, serveOffline } from '../ui/offline.js';
import { readDomain } from './domain.js';
import { fetchDue } from './fetching.js';
import { Store } from './store.js';
import { Visitor } from './visitor.js';

serveOffline({ domain: true, atOnce: (name) => !name.endsWith('.wasm') });

addEventListener('periodicsync', (/** @type {any} */ event) => {
  event.waitUntil(fetchWhatIsDue());
});

async function fetchWhatIsDue() {
  const domain = await keptDomain();
  const store = await Store.open();
  if (!domain || store.isLocked) return;
  await fetchDue(new Visitor(store, readDomain(domain)));
  new BroadcastChannel('splitpass').postMessage('changed');
}
