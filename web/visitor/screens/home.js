/** Home: how many passes there are, and what can be done with them. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Day, Visit, Wallet } from '../walletContents.js' */

import { ask } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { NoVisit } from '../errors.js';
import { DAYS_AHEAD } from '../passes.js';
import { ScreenElement } from '../screen.js';
import { openEntries } from '../visits.js';
import { dayOf, groupsOf, whoCanLeave } from '../wallet.js';
import { errorInWords } from '../words.js';
import { alertsFor } from './alerts.js';
import { showCodes } from './code.js';
import { AT_ONCE, comingDay, emptyDay, shortDay } from './days.js';
import { leave } from './leaving.js';
import { peopleCounter } from './people.js';

/** @type {readonly (readonly [string, Pair])[]} */
const LINKS = [
  ['visitor-visits', ['My visits', '내 방문 기록']],
  ['visitor-notices', ['Notices', '알림']],
  ['visitor-openings', ['Was I ever identified?', '신원이 확인된 적이 있나요?']],
  ['visitor-papers', ['Paper passes', '종이 출입증']],
  ['visitor-settings', ['My registration', '등록 정보']],
];

customElements.define(
  'visitor-home',
  class extends ScreenElement {
    #people = 1;
    /** What was begun: a second tap would burn another pass. @type {Set<'entry' | 'exit'>} */
    #busy = new Set();
    /** @type {Pair | null} */
    #error = null;

    async draw() {
      const wallet = await this.visitor.wallet();
      const today = dayOf(wallet, this.visitor.today);
      const parts = [
        element('h1', { class: 'hidden-text', tabindex: -1 }, say(['Your passes', '내 패스'])),
        await alertsFor(this.app, wallet),
        await this.#today(today),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        this.#others(wallet),
        await this.#comingDays(wallet),
        this.#links(),
      ];
      this.className = 'stack';
      fill(this, ...parts);
    }

    /** @param {Day | undefined} today */
    async #today(today) {
      if (this.app.isFetching) return this.#progress();
      const left = today?.passes.length ?? 0;
      return left > 0 ? this.#passes(left) : this.#noPasses(today);
    }

    /** @param {number} left */
    #passes(left) {
      this.#people = Math.min(this.#people, left);
      return [
        element(
          'section',
          { class: 'card passes' },
          element('p', {}, say(['Passes left today', '오늘 남은 패스'])),
          element('p', { class: 'count' }, String(left)),
        ),
        element(
          'section',
          { class: 'stack' },
          element('button', { class: 'primary huge', onclick: () => this.#show() }, say(['Show QR', 'QR 보이기'])),
          peopleCounter(left, this.#people, (people) => {
            this.#people = people;
          }),
        ),
      ];
    }

    /** @param {Day | undefined} today */
    async #noPasses(today) {
      /** @type {{ words: Pair } | undefined} */
      const failure = await this.visitor.store.get(`failure/${this.visitor.today}`);
      return element(
        'section',
        { class: 'card stack' },
        element('p', { class: 'big-line' }, say(['No passes for today', '오늘 쓸 패스가 없습니다'])),
        failure && today?.issued === null && element('p', {}, say(failure.words)),
        element('p', { class: 'soft' }, say(emptyDay(this.visitor, today))),
        !today &&
          element(
            'button',
            { class: 'primary large', onclick: () => this.#fetchNow() },
            say(["Get today's passes", '오늘 패스 받기']),
          ),
        element(
          'p',
          { class: 'soft' },
          say([
            'At a door now? Use paper or ask staff.',
            '지금 입장해야 하면 종이 출입증을 쓰거나 직원에게 문의하세요.',
          ]),
        ),
      );
    }

    #progress() {
      return element(
        'section',
        { class: 'card stack', 'aria-busy': 'true' },
        element('p', { class: 'big-line', role: 'status' }, say(['Getting your passes…', '패스를 받는 중…'])),
        element('progress', { 'aria-label': say(['Getting passes', '받는 중']) }),
        element(
          'p',
          { class: 'soft' },
          say(['This takes about a minute. Keep this page open.', '1분쯤 걸립니다. 이 화면을 열어 두세요.']),
        ),
      );
    }

    /** @param {Wallet} wallet */
    #others(wallet) {
      const group = latestInside(wallet);
      const poster = () => this.app.go('visitor-poster');
      return element(
        'div',
        { class: 'buttons' },
        element('button', { class: 'large', onclick: poster }, say(['Scan poster', '포스터 스캔'])),
        group && element('button', { class: 'large', onclick: () => this.#leave(group) }, say(['Check out', '퇴장'])),
      );
    }

    /** @param {Wallet} wallet */
    async #comingDays(wallet) {
      const epochs = Array.from({ length: DAYS_AHEAD }, (_, ahead) => this.visitor.today + ahead + 1);
      const failures = await Promise.all(epochs.map((epoch) => this.visitor.store.get(`failure/${epoch}`)));
      const lines = epochs.map((epoch, place) =>
        element(
          'div',
          {},
          element('dt', {}, shortDay(epoch)),
          element('dd', {}, say(comingDay(this.visitor, dayOf(wallet, epoch), failures[place]))),
        ),
      );
      return element(
        'section',
        { class: 'card' },
        element('h2', {}, say(['Coming days', '앞으로 며칠'])),
        element('dl', { class: 'days' }, lines),
      );
    }

    #links() {
      return element(
        'nav',
        { class: 'card links', 'aria-label': say(['More', '더 보기']) },
        LINKS.map(([screen, words]) =>
          element(
            'button',
            { class: 'plain', onclick: () => this.app.go(screen) },
            element('span', {}, say(words)),
            element('span', { 'aria-hidden': 'true' }, '›'),
          ),
        ),
      );
    }

    #show() {
      return this.#attempt('entry', async () => {
        const screens = await openEntries(this.visitor, this.#people);
        this.#people = 1;
        await showCodes(this.visitor, screens);
      });
    }

    /** @param {Visit[]} group */
    #leave(group) {
      return this.#attempt('exit', () => leave(this.visitor, group));
    }

    async #fetchNow() {
      const agreed = await ask({
        title: ["Get today's passes now?", '오늘 패스를 지금 받을까요?'],
        text: AT_ONCE,
        yes: ['Get them', '받기'],
        no: ['Not now', '나중에'],
      });
      if (agreed) await this.app.fetchToday();
    }

    /**
     * Do something, unless it is being done, and say what went wrong.
     * @param {'entry' | 'exit'} what @param {() => Promise<void>} work
     */
    async #attempt(what, work) {
      if (this.#busy.has(what)) return;
      this.#busy.add(what);
      this.#error = null;
      try {
        await work();
      } catch (error) {
        this.#error = errorInWords(error);
      } finally {
        this.#busy.delete(what);
      }
      await this.redraw();
    }
  },
);

/** The latest group of which nobody has left and somebody can. @param {Wallet} wallet @returns {Visit[] | null} */
function latestInside(wallet) {
  for (const group of groupsOf(wallet).reverse()) {
    try {
      if (group.every(({ left }) => left === null)) return whoCanLeave(group);
    } catch (error) {
      if (!(error instanceof NoVisit)) throw error;
    }
  }
  return null;
}
