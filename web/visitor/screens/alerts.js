/** What the visitor has to know before anything else: notices, a wrong clock, a phone to be verified again. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { App } from '../app.js' */
/** @import { Wallet } from '../walletContents.js' */

import { EPOCH_SECONDS } from '../../protocol/epochs.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { WARNING_SECONDS } from '../../ui/serverClocks.js';
import { isApple, isInstalled } from '../../ui/surroundings.js';
import { VERIFICATION_DAYS } from '../enrolment.js';
import { LIST_SOURCES, faultsOf } from '../lists.js';
import { usedPasses } from '../wallet.js';
import { withheld } from './days.js';

/** How many days before the verification ends its owner is told. */
const EARLY_DAYS = 3;

/** Everything that is to be told now. @param {App} app @param {Wallet} wallet @returns {Promise<HTMLElement[]>} */
export async function alertsFor(app, wallet) {
  const { visitor } = app;
  const found = await visitor.findings.all(usedPasses(wallet));
  const faults = await Promise.all(LIST_SOURCES.map((source) => faultsOf(visitor, source)));
  const verified = (wallet.account?.verifiedAt ?? 0) + VERIFICATION_DAYS * EPOCH_SECONDS;
  const isDue = verified - EARLY_DAYS * EPOCH_SECONDS <= visitor.clock() || (await visitor.store.get('verify'));
  const behind = Math.abs(visitor.clocks.secondsBehind());
  /** @type {[boolean, Pair, string?][]} */
  const alerts = [
    [
      found.notices.length > 0,
      ['A notice concerns one of your visits', '회원님의 방문에 관한 알림이 있습니다'],
      'visitor-notices',
    ],
    [
      found.openings.length > 0,
      ['One of your visits was opened', '회원님의 방문 기록이 열람되었습니다'],
      'visitor-openings',
    ],
    [
      behind >= WARNING_SECONDS,
      [
        `Your clock is ${behind} s off. Set it, or doors may refuse your codes.`,
        `시계가 ${behind}초 다릅니다. 출입문에서 거절될 수 있으니 시계를 맞춰 주세요.`,
      ],
    ],
    [
      Boolean(isDue),
      ['Verify your phone again: it is asked for each month', '전화번호를 다시 확인해 주세요(매달 한 번)'],
      'visitor-enrol',
    ],
    [
      faults.some((some) => some !== null && some.length > 0),
      ['Could not check all notices', '알림을 모두 확인하지 못했습니다'],
      'visitor-notices',
    ],
    [
      isApple() && !isInstalled(),
      [
        'Add this page to the Home Screen: here your passes are deleted after a week without use.',
        '홈 화면에 추가하세요. 여기서는 일주일 동안 쓰지 않으면 패스가 지워집니다.',
      ],
    ],
  ];
  for (const day of wallet.days) {
    const words = withheld(visitor, day);
    if (words) alerts.push([true, words]);
  }
  return alerts.filter(([holds]) => holds).map(([, words, screen]) => alertOf(app, words, screen));
}

/** @param {App} app @param {Pair} words @param {string} [screen] */
function alertOf(app, words, screen) {
  if (!screen) return element('p', { class: 'note', role: 'status' }, say(words));
  return element(
    'button',
    { class: 'note alert', onclick: () => app.go(screen) },
    element('span', {}, say(words)),
    element('span', { 'aria-hidden': 'true' }, '›'),
  );
}
