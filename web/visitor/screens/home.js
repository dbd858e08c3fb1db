/** Home: how many passes there are, and what can be done with them. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Day, Visit, Wallet } from '../walletContents.js' */

import { EPOCH_SECONDS, epochBegins } from '../../protocol/epochs.js';
import { ask } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { VERIFICATION_DAYS } from '../enrolment.js';
import { NoVisit } from '../errors.js';
import { fetchToday } from '../fetching.js';
import { LIST_SOURCES, faultsOf } from '../lists.js';
import { DAYS_AHEAD } from '../passes.js';
import { ScreenElement } from '../screen.js';
import { WARNING_SECONDS } from '../serverClocks.js';
import { isApple, isInstalled } from '../surroundings.js';
import { dayOf, groupsOf, usedPasses, whoCanLeave } from '../wallet.js';
import { openEntries } from '../visits.js';
import { errorInWords } from '../words.js';
import { showCodes } from './code.js';
import { leave } from './leaving.js';

const MAX_PEOPLE = 10;
/** How many days before the verification ends its owner is told. */
const EARLY_DAYS = 3;

customElements.define(
  'visitor-home',
  class extends ScreenElement {
    #people = 1;
    #busy = false;
    /** @type {Pair | null} */
    #error = null;

    async draw() {
      const wallet = await this.visitor.wallet();
      const today = dayOf(wallet, this.visitor.today);
      const parts = [
        element('h1', { class: 'hidden-text', tabindex: -1 }, say(['Your passes', '내 패스'])),
        ...(await this.#warnings(wallet)),
        await this.#todayCard(today),
        today && today.passes.length > 0 && this.#showing(today.passes.length),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        this.#others(wallet),
        await this.#comingDays(wallet),
        this.#links(),
      ];
      this.className = 'stack';
      fill(this, ...parts);
    }

    /** @param {Day | undefined} today */
    async #todayCard(today) {
      const left = today?.passes.length ?? 0;
      if (this.#busy) {
        return element('section', { class: 'card stack', 'aria-busy': 'true' },
          element('p', { class: 'big-line', role: 'status' }, say(['Fetching your passes…', '패스를 받는 중…'])),
          element('progress', { 'aria-label': say(['Fetching', '받는 중']) }),
          element('p', { class: 'soft' }, say(['This takes about a minute. Keep this page open.', '1분쯤 걸립니다. 이 화면을 열어 두세요.'])),
        );
      }
      if (left > 0) {
        return element('section', { class: 'card passes' },
          element('p', { class: 'count' }, String(left)),
          element('p', {}, say([`${left === 1 ? 'pass' : 'passes'} left today`, '개, 오늘 남은 패스'])),
        );
      }
      const failure = await this.visitor.store.get(`failure/${this.visitor.today}`);
      return element('section', { class: 'card stack' },
        element('p', { class: 'big-line' }, say(['No passes now; use paper or ask staff', '지금은 패스가 없습니다. 종이 출입증이나 직원에게 문의하세요'])),
        failure && element('p', { class: 'soft' }, say(failure.words)),
        element('p', { class: 'soft' }, say(this.#whenNext(today))),
        !today && element('button', { class: 'primary large', onclick: () => this.#fetchNow() }, say(["Get today's passes", '오늘 패스 받기'])),
      );
    }

    /** @param {Day | undefined} day @returns {Pair} */
    #whenNext(day) {
      if (!day) {
        return [
          'No time was drawn for today before it began. If you ask now and few others do, the health authority can tell which passes of this day are one person’s. For the coming days the times are drawn ahead.',
          '오늘은 미리 정해 둔 요청 시각이 없습니다. 지금 요청하는 사람이 적으면 보건당국은 이 날의 어느 패스들이 한 사람의 것인지 알 수 있습니다. 다음 날들의 시각은 미리 정해집니다.',
        ];
      }
      if (day.issued !== null) {
        const { allowance } = this.visitor.domain;
        if (day.issued < allowance) return [`Only ${day.issued} of ${allowance} came, and this page does not ask again.`, `${allowance}개 중 ${day.issued}개만 도착했고 다시 요청하지 않습니다.`];
        return ['You have used all passes of today.', '오늘 패스를 모두 썼습니다.'];
      }
      if (day.nextAt >= epochBegins(this.visitor.domain, day.epoch + 1)) return ['No time to ask is left today.', '오늘은 남은 요청 시각이 없습니다.'];
      const moment = this.#moment(day.nextAt);
      return [`This page asks again after ${moment}, while it is open.`, `이 화면이 열려 있으면 ${moment} 이후 다시 요청합니다.`];
    }

    /** A time of today by the hour, another with its day. @param {number} time */
    #moment(time) {
      const moment = this.visitor.localTime(time);
      return moment.startsWith(this.visitor.dayName(this.visitor.today)) ? moment.slice(11) : moment;
    }

    /** @param {number} left */
    #showing(left) {
      const most = Math.min(left, MAX_PEOPLE);
      this.#people = Math.min(this.#people, most);
      const change = (/** @type {number} */ step) => () => {
        this.#people = Math.max(1, Math.min(most, this.#people + step));
        count.textContent = counted(this.#people);
        [fewer.disabled, more.disabled] = [this.#people === 1, this.#people === most];
      };
      const count = element('output', { 'aria-live': 'polite' }, counted(this.#people));
      const fewer = element('button', { class: 'step', 'aria-label': say(['One person fewer', '한 명 줄이기']), disabled: this.#people === 1, onclick: change(-1) }, '−');
      const more = element('button', { class: 'step', 'aria-label': say(['One person more', '한 명 늘리기']), disabled: this.#people === most, onclick: change(1) }, '+');
      return element('section', { class: 'stack' },
        element('button', { class: 'primary huge', onclick: () => this.#show() }, say(['Show QR', 'QR 보이기'])),
        element('div', { class: 'people', role: 'group', 'aria-label': say(['How many come in together', '함께 입장하는 사람 수']) }, fewer, count, more),
      );
    }

    /** @param {Wallet} wallet */
    #others(wallet) {
      const group = latestInside(wallet);
      return element('div', { class: 'buttons' },
        element('button', { class: 'large', onclick: () => this.app.go('visitor-poster') }, say(['Scan poster', '포스터 스캔'])),
        group && element('button', { class: 'large', onclick: () => this.#leave(group) }, say(['Check out', '퇴장'])),
      );
    }

    /** @param {Wallet} wallet */
    async #comingDays(wallet) {
      const lines = [];
      for (let epoch = this.visitor.today + 1; epoch <= this.visitor.today + DAYS_AHEAD; epoch += 1) {
        const day = dayOf(wallet, epoch);
        const failure = await this.visitor.store.get(`failure/${epoch}`);
        lines.push(element('div', {}, element('dt', {}, this.#dayName(epoch)), element('dd', {}, say(this.#stateOf(day, failure?.problem)))));
      }
      return element('section', { class: 'card' }, element('h2', {}, say(['Coming days', '다음 날들'])), element('dl', { class: 'days' }, lines));
    }

    /** @param {number} epoch */
    #dayName(epoch) {
      const format = { timeZone: 'UTC', weekday: /** @type {const} */ ('short'), month: /** @type {const} */ ('short'), day: /** @type {const} */ ('numeric') };
      return new Date(epoch * EPOCH_SECONDS * 1000).toLocaleDateString(document.documentElement.lang, format);
    }

    /** @param {Day | undefined} day @param {string | undefined} problem @returns {Pair} */
    #stateOf(day, problem) {
      if (!day) return ['not drawn yet', '아직 정해지지 않음'];
      if (day.issued !== null) return [`${day.passes.length} passes`, `패스 ${day.passes.length}개`];
      const moment = this.#moment(day.nextAt);
      if (problem === 'verification-expired' || problem === 'unauthenticated') return ['waits for your phone to be verified', '전화번호 확인 필요'];
      if (day.pending?.granted) return [`registered, asks after ${moment}`, `등록됨, ${moment} 이후 요청`];
      return [`registers after ${moment}`, `${moment} 이후 등록`];
    }

    /** @param {Wallet} wallet */
    async #warnings(wallet) {
      /** @type {Pair[]} */
      const warnings = [];
      const behind = this.visitor.clocks.secondsBehind();
      if (Math.abs(behind) >= WARNING_SECONDS) {
        warnings.push([`Your clock is ${Math.abs(behind)} s off. Set it, or doors may refuse your codes.`, `시계가 ${Math.abs(behind)}초 다릅니다. 출입문에서 거절될 수 있으니 시계를 맞춰 주세요.`]);
      }
      const found = await this.visitor.findings.all(usedPasses(wallet));
      const parts = [];
      if (found.notices.length > 0) parts.push(this.#alert(['A notice concerns one of your visits', '회원님의 방문에 관한 알림이 있습니다'], 'visitor-notices'));
      if (found.openings.length > 0) parts.push(this.#alert(['One of your visits was opened', '회원님의 방문 기록이 열람되었습니다'], 'visitor-openings'));
      const ends = (wallet.account?.verifiedAt ?? 0) + VERIFICATION_DAYS * EPOCH_SECONDS;
      if ((await this.visitor.store.get('verify')) || ends - EARLY_DAYS * EPOCH_SECONDS <= this.visitor.clock()) {
        parts.push(this.#alert(['Verify your phone again: it is asked for each month', '전화번호를 다시 확인해 주세요(매달 한 번)'], 'visitor-enrol'));
      }
      if (isApple() && !isInstalled()) warnings.push(['Add this page to the Home Screen: here your passes are deleted after a week without use.', '홈 화면에 추가하세요. 여기서는 일주일 동안 쓰지 않으면 패스가 지워집니다.']);
      for (const source of LIST_SOURCES) {
        if (((await faultsOf(this.visitor, source)) ?? []).length > 0) {
          parts.push(this.#alert(['Could not check all notices', '알림을 모두 확인하지 못했습니다'], 'visitor-notices'));
          break;
        }
      }
      return [...parts, ...warnings.map((words) => element('p', { class: 'note', role: 'status' }, say(words)))];
    }

    /** @param {Pair} words @param {string} screen */
    #alert(words, screen) {
      return element('button', { class: 'note alert', onclick: () => this.app.go(screen) }, element('span', {}, say(words)), element('span', { 'aria-hidden': 'true' }, '›'));
    }

    #links() {
      /** @type {[string, Pair][]} */
      const links = [
        ['visitor-visits', ['My visits', '내 방문 기록']],
        ['visitor-notices', ['Notices', '알림']],
        ['visitor-openings', ['Was I ever identified?', '신원이 확인된 적이 있나요?']],
        ['visitor-papers', ['Paper passes', '종이 출입증']],
        ['visitor-settings', ['My registration', '등록 정보']],
      ];
      return element('nav', { class: 'card links', 'aria-label': say(['More', '더 보기']) },
        links.map(([screen, words]) => element('button', { class: 'plain', onclick: () => this.app.go(screen) }, element('span', {}, say(words)), element('span', { 'aria-hidden': 'true' }, '›'))));
    }

    async #show() {
      this.#error = null;
      try {
        const screens = await openEntries(this.visitor, this.#people);
        this.#people = 1;
        await showCodes(this.visitor, screens);
      } catch (error) {
        this.#error = errorInWords(error);
      }
      await this.draw();
    }

    /** @param {Visit[]} group */
    async #leave(group) {
      this.#error = null;
      try {
        await leave(this.visitor, group);
      } catch (error) {
        this.#error = errorInWords(error);
      }
      await this.draw();
    }

    async #fetchNow() {
      const agreed = await ask({
        title: ["Get today's passes now?", '오늘 패스를 지금 받을까요?'],
        text: ['It takes about a minute. From tomorrow on they come by themselves while this page is open.', '1분쯤 걸립니다. 내일부터는 이 화면이 열려 있을 때 저절로 받습니다.'],
        yes: ['Get them', '받기'],
        no: ['Not now', '나중에'],
      });
      if (!agreed) return;
      this.#busy = true;
      await this.draw();
      await fetchToday(this.visitor);
      this.#busy = false;
      await this.draw();
    }
  },
);

/** @param {number} people */
const counted = (people) => say([people === 1 ? '1 person' : `${people} people`, `${people}명`]);

/** The latest group of which somebody can leave. @param {Wallet} wallet @returns {Visit[] | null} */
function latestInside(wallet) {
  for (const group of groupsOf(wallet).reverse()) {
    try {
      const inside = whoCanLeave(group);
      if (group[0].left === null) return inside;
    } catch (error) {
      if (!(error instanceof NoVisit)) throw error;
    }
  }
  return null;
}
