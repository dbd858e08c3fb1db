/** Where the page begins. */

import { element, fill } from '../ui/dom.js';
import { HttpClient } from '../ui/httpClient.js';
import { say } from '../ui/language.js';
import { trusted } from '../ui/trusted.js';
import { App } from './app.js';
import { secretIn } from './pairing.js';
import { DoorServer } from './server.js';
import { DoorStore } from './store.js';
import './screens/elsewhere.js';
import './screens/gate.js';
import './screens/off.js';
import './screens/unpaired.js';

const secret = secretIn(location.hash);
if (location.hash) history.replaceState(null, '', location.pathname); // before anything else may see it

async function start() {
  const app = new App(await DoorStore.open(), new DoorServer(new HttpClient(), location.origin));
  addEventListener('hashchange', () => location.reload()); // another link was opened in this window
  await app.open(secret);
  await navigator.serviceWorker?.register(trusted('serviceWorker.js'));
}

start().catch(() => {
  const words = say([
    'The page could not start: this browser keeps nothing here, or is too old. Open it outside a private window.',
    '페이지를 시작하지 못했습니다. 비공개 창이 아닌 최신 브라우저에서 열어 주세요.',
  ]);
  fill(
    document.body,
    element(
      'main',
      { class: 'plain-page' },
      element('h1', {}, 'SplitPass'),
      element('p', { class: 'note', role: 'alert' }, words),
    ),
  );
});
