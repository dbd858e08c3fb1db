/** What staff may want to know: numbers of this device, as they were when they asked, and never live on the screen. */

/** @import { App } from '../app.js' */
/** @import { Door } from '../door.js' */

import { Direction } from '../../protocol/checkIns.js';
import { ask, tell } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { isKorean, say } from '../../ui/language.js';
import { mayBeEvicted } from '../../ui/surroundings.js';
import { wordOf } from '../signs.js';
import { DECISIONS } from '../words.js';
import { LIMITS } from './limits.js';

/** Show what there is to know and to do. @param {App} app */
export async function tellMore(app) {
  const door = /** @type {Door} */ (app.door);
  const eviction = await mayBeEvicted();
  /** What is done once this is closed. @type {(() => void | Promise<void>)[]} */
  const chosen = [];
  await tell({
    title: ['This door', '이 출입문'],
    content: [
      numbers(door),
      door.deliveries.refused.length > 0 && refusedList(door),
      element(
        'details',
        {},
        element('summary', {}, say(['What this door cannot do', '알아 두세요'])),
        element(
          'ul',
          { class: 'points' },
          LIMITS.map((limit) => element('li', {}, say(limit))),
          eviction &&
            element(
              'li',
              {},
              say([
                'This browser may delete its data when it needs space. Add the page to the home screen.',
                '저장 공간이 부족하면 브라우저가 데이터를 지울 수 있습니다. 홈 화면에 추가해 주세요.',
              ]),
            ),
        ),
      ),
      element(
        'div',
        { class: 'buttons' },
        element(
          'button',
          { onclick: () => chosen.push(() => app.changeLanguage()), lang: isKorean() ? 'en' : 'ko' },
          isKorean() ? 'English' : '한국어',
        ),
        element(
          'button',
          { onclick: () => chosen.push(() => endShift(app, door)) },
          say(['End the shift', '근무 마치기']),
        ),
        element(
          'button',
          { class: 'danger', onclick: () => chosen.push(() => unpair(app, door)) },
          say(['Unpair', '연결 끊기']),
        ),
      ),
    ],
  });
  for (const act of chosen) await act();
}

/** @param {Door} door */
function numbers(door) {
  const { entries, exits } = door.countsOfToday;
  const rows = /** @type {const} */ ([
    [['Came in today', '오늘 입장'], entries],
    [['Left today', '오늘 퇴장'], exits],
    [['Waiting for the server', '서버 전달 대기'], door.deliveries.count],
  ]);
  return element(
    'div',
    {},
    element(
      'dl',
      { class: 'numbers' },
      rows.map(([words, count]) => element('div', {}, element('dt', {}, say(words)), element('dd', {}, String(count)))),
    ),
    element(
      'p',
      { class: 'soft small' },
      say(['Of this device alone, at this moment.', '이 기기에서 센 지금까지의 숫자입니다.']),
    ),
  );
}

/** @param {Door} door */
function refusedList({ deliveries }) {
  const list = element(
    'section',
    { class: 'note stack' },
    element('h3', {}, say(['Refused by the server later', '나중에 서버가 거절한 기록'])),
    element(
      'ul',
      { class: 'points' },
      deliveries.refused.map(({ at, direction, decision }) =>
        element(
          'li',
          {},
          [
            new Date(at).toLocaleString(isKorean() ? 'ko' : 'en'),
            say(wordOf(direction === Direction.EXIT ? 'exit' : 'enter')),
            say(DECISIONS[/** @type {keyof typeof DECISIONS} */ (decision)]),
          ].join(' · '),
        ),
      ),
    ),
    element(
      'button',
      {
        type: 'button',
        onclick: async () => {
          await deliveries.forgetRefused();
          list.remove();
        },
      },
      say(['Clear this list', '목록 지우기']),
    ),
  );
  return list;
}

/** @param {App} app @param {Door} door */
async function endShift(app, door) {
  app.show('door-off');
  await door.deliveries.endShift();
}

/** @param {App} app @param {Door} door */
async function unpair(app, door) {
  await door.deliveries.send();
  const { count } = door.deliveries;
  const agreed = await ask({
    title: ['Unpair this device?', '연결을 끊을까요?'],
    text:
      count > 0
        ? [
            `Check-ins that were not delivered and are lost: ${count}. Have the reader revoked afterwards.`,
            `전달하지 못한 기록 ${count}건이 사라집니다. 끊은 뒤 시설 서버에서도 해지해 주세요.`,
          ]
        : [
            'Everything was delivered. Have the reader revoked afterwards.',
            '기록은 모두 전달했습니다. 끊은 뒤 시설 서버에서도 해지해 주세요.',
          ],
    yes: ['Unpair', '연결 끊기'],
    no: ['Cancel', '취소'],
    danger: true,
  });
  if (agreed) await app.unpair();
}
