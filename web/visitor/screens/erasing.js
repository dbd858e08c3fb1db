/** Erasing everything that this device keeps, after a question. */

/** @import { App } from '../app.js' */

import { ask } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';

/** What erasing means, and the button for it. @param {App} app */
export function eraseSection(app) {
  return element(
    'section',
    { class: 'card stack' },
    element('h2', {}, say(['Erase everything', '모두 지우기'])),
    element(
      'p',
      { class: 'soft' },
      say([
        'Passes, visits and what was found go from this device. The operator keeps your number as its own rules say. ' +
          'You will not learn of notices about past visits.',
        '이 기기의 패스, 방문 기록과 알림이 사라집니다. 운영자는 자체 규정에 따라 전화번호를 보관합니다. ' +
          '지난 방문에 관한 알림을 받을 수 없게 됩니다.',
      ]),
    ),
    element(
      'button',
      { type: 'button', class: 'danger', onclick: () => erase(app) },
      say(['Erase everything', '모두 지우기']),
    ),
  );
}

/** @param {App} app */
async function erase(app) {
  const agreed = await ask({
    title: ['Erase everything on this device?', '이 기기의 모든 내용을 지울까요?'],
    text: ['This cannot be undone.', '되돌릴 수 없습니다.'],
    yes: ['Erase', '지우기'],
    no: ['Keep', '그대로 두기'],
    danger: true,
  });
  if (!agreed) return;
  await app.visitor.store.erase();
  localStorage.clear();
  sessionStorage.clear();
  for (const name of await caches.keys()) await caches.delete(name);
  app.beginAnew();
}
