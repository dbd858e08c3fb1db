/** Where the page begins. */

import { element, fill } from '../ui/dom.js';
import { say } from '../ui/language.js';
import { trusted } from '../ui/trusted.js';
import { App } from './app.js';
import { readDomain } from './domain.js';
import { fetchInBackground } from './fetching.js';
import { Store } from './store.js';
import { Visitor } from './visitor.js';
import { errorInWords } from './words.js';
import './screens/home.js';
import './screens/welcome.js';

async function start() {
  const answer = await fetch('domain.json');
  const visitor = new Visitor(await Store.open(), readDomain(await answer.json()));
  await visitor.checkDomain();
  await new App(visitor).open();
  const registration = await navigator.serviceWorker?.register(trusted('serviceWorker.js'));
  await fetchInBackground(registration);
}

start().catch((error) => {
  const words = describe(error);
  fill(
    document.body,
    element('main', {}, element('h1', {}, 'SplitPass'), element('p', { class: 'note', role: 'alert' }, say(words))),
  );
});

/** @param {unknown} error @returns {readonly [string, string]} */
function describe(error) {
  try {
    return errorInWords(error);
  } catch {
    return [
      'The page could not start: this browser keeps nothing here, or is too old. Open it outside a private window.',
      '페이지를 시작하지 못했습니다. 비공개 창이 아닌 최신 브라우저에서 열어 주세요.',
    ];
  }
}
