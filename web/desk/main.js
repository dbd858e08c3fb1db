/** Where the page begins. */

import { element, fill } from '../ui/dom.js';
import { say } from '../ui/language.js';
import { App } from './app.js';
import { Client } from './client.js';
import { Desk } from './desk.js';
import { errorInWords } from './words.js';
import './screens/case.js';
import './screens/cases.js';
import './screens/days.js';
import './screens/decisions.js';
import './screens/enrol.js';
import './screens/matter.js';
import './screens/notices.js';
import './screens/officers.js';
import './screens/signIn.js';
import './screens/venues.js';
import './screens/warrant.js';
import './screens/warrants.js';

const secret = takeSecret();

async function start() {
  const desk = new Desk(await new Client().get('/info'));
  new App(desk).open(secret);
}

start().catch((error) => {
  fill(
    document.body,
    element(
      'main',
      { class: 'stack' },
      element('h1', {}, 'SplitPass'),
      element('p', { class: 'note', role: 'alert' }, say(errorInWords(error))),
      element('button', { onclick: () => location.reload() }, say(['Try again', '다시 시도'])),
    ),
  );
});

/** The secret of an enrolment link, which is gone from the address, and so from the browser's history, at once. */
function takeSecret() {
  const [, found] = /^#enrol=([0-9a-f]{64})$/u.exec(location.hash) ?? [];
  if (location.hash) history.replaceState(null, '', location.pathname);
  return found ?? null;
}
