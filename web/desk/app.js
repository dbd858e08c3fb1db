/** The page around its screens: who has signed in, which screen is shown, and what is waiting. */

/** @import { Pair } from '../ui/language.js' */
/** @import { Desk } from './desk.js' */

import { element, fill } from '../ui/dom.js';
import { changeLanguage, isKorean, say } from '../ui/language.js';
import { printable } from '../ui/text.js';
import { Role } from '../protocol/epochs.js';
import { Problem } from '../ui/problems.js';
import { ScreenElement } from './screen.js';

/** Nobody has touched the page for so long: it signs out. */
const IDLE_MILLISECONDS = 15 * 60_000;
/** How often a screen that nobody works in is drawn again. */
const REFRESH_MILLISECONDS = 15_000;

/** @type {Record<Role, [screen: string, words: Pair][]>} */
const SCREENS = {
  [Role.AUTHORITY]: [
    ['desk-decisions', ['To decide', '결정 대기']],
    ['desk-cases', ['Cases', '사건']],
    ['desk-warrants', ['Warrants', '승인서']],
    ['desk-notices', ['Notices', '알림']],
    ['desk-venues', ['Venues', '시설']],
    ['desk-days', ['Days and health', '보존과 상태']],
    ['desk-officers', ['Officers', '담당자']],
  ],
  [Role.OPERATOR]: [
    ['desk-decisions', ['To decide', '결정 대기']],
    ['desk-warrants', ['Warrants', '승인서']],
    ['desk-venues', ['Venues', '시설']],
    ['desk-days', ['Days and health', '보존과 상태']],
    ['desk-officers', ['Officers', '담당자']],
  ],
};

/** Shows one screen at a time. */
export class App {
  #main = element('main');
  #nav = element('nav', { 'aria-label': say(['Desk', '업무']) });
  #touched = Date.now();
  #waiting = 0;
  /**
   * Where the officer was. The browser's history has only numbers, for it may be written to a disk.
   * @type {[screen: string, about: string][]}
   */
  #places = [];

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    addEventListener('popstate', ({ state }) => {
      const [screen, about] = this.#places[state?.place] ?? [this.#first, ''];
      this.#show(screen, about);
    });
    for (const kind of ['pointerdown', 'keydown']) {
      addEventListener(kind, () => {
        this.#touched = Date.now();
      });
    }
    // What was on the screen does not come back with the browser's back button, nor stay where the page is kept.
    addEventListener('pagehide', () => {
      this.desk.client.token = null;
      fill(document.body);
    });
    addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
    setInterval(() => this.#tick(), REFRESH_MILLISECONDS);
  }

  /** Show the first screen: signing in, or enrolling with the secret of a link. @param {string | null} secret */
  open(secret) {
    this.#drawFrame();
    if (secret) this.#show('desk-enrol', secret);
    else this.#show(this.#first, '');
  }

  /** The officer has signed in. */
  async signedIn() {
    history.replaceState(null, '');
    this.#drawFrame();
    this.#show(this.#first, ''); // before it counts: meanwhile the officer may go somewhere else
    await this.countWaiting();
  }

  /** The officer goes, or the server does not know the session any more. @param {Pair | null} [why] */
  async signOut(why = null) {
    const asked = this.desk.signOut();
    this.#places = [];
    history.replaceState(null, '');
    this.#drawFrame();
    this.#show('desk-sign-in', '');
    const screen = this.#main.firstElementChild;
    if (why && screen instanceof ScreenElement) screen.error = why;
    await asked;
  }

  /** Whether an error says that the session is over, which is then shown. @param {unknown} error */
  isSignedOut(error) {
    if (!(error instanceof Problem && error.problem === 'unauthenticated')) return false;
    if (this.desk.officer) {
      this.signOut(['Your session is over. Sign in again.', '세션이 끝났습니다. 다시 로그인해 주세요.']);
    }
    return true;
  }

  /** Show a screen. @param {string} screen @param {string} [about] */
  go(screen, about = '') {
    history.pushState({ place: this.#places.push([screen, about]) - 1 }, '');
    this.#show(screen, about);
  }

  /** A button that goes to a screen. @param {string} words @param {string} screen @param {string} about */
  link(words, screen, about) {
    return element('button', { class: 'link', onclick: () => this.go(screen, about) }, words);
  }

  /** Say in the frame how much is to be decided. */
  async countWaiting() {
    try {
      const matters = await this.desk.matters();
      this.#waiting = matters.filter(({ state, mine }) => state === 'waiting' && mine === null).length;
      this.#drawNav();
    } catch (error) {
      this.isSignedOut(error); // any other failure is one that the screen tells
    }
  }

  /** @returns {string} */
  get #first() {
    return this.desk.officer ? 'desk-decisions' : 'desk-sign-in';
  }

  /** @param {string} name @param {string} about */
  #show(name, about) {
    const allowed = this.desk.officer ? name : name === 'desk-enrol' ? name : 'desk-sign-in';
    const screen = /** @type {ScreenElement} */ (document.createElement(allowed));
    [screen.app, screen.about] = [this, about];
    fill(this.#main, screen);
    this.#mark(allowed);
    scrollTo(0, 0);
  }

  async #tick() {
    const screen = this.#main.firstElementChild;
    if (!(screen instanceof ScreenElement)) return;
    if (!this.desk.officer) {
      if (!this.desk.hasOfficers && screen.localName === 'desk-sign-in') await screen.tick();
      return;
    }
    if (Date.now() - this.#touched > IDLE_MILLISECONDS) {
      await this.signOut(['You were away: signed out.', '오래 사용하지 않아 로그아웃했습니다.']);
      return;
    }
    if (document.visibilityState !== 'visible' || document.querySelector('dialog[open]')) return;
    await this.countWaiting();
    if (screen.isConnected && !screen.isInUse) await screen.tick();
  }

  #drawFrame() {
    const { officer, role } = this.desk;
    document.documentElement.dataset.role = role === Role.AUTHORITY ? 'authority' : 'operator';
    const party = say(role === Role.AUTHORITY ? ['Health authority', '보건당국'] : ['Operator', '운영자']);
    document.title = `${party} · SplitPass`;
    const speak = element(
      'button',
      { class: 'plain small', lang: isKorean() ? 'en' : 'ko', onclick: () => this.#changeLanguage() },
      isKorean() ? 'English' : '한국어',
    );
    const person = officer && element('span', { class: 'officer small' }, printable(officer));
    const out =
      officer &&
      element('button', { class: 'plain small', onclick: () => this.signOut() }, say(['Sign out', '로그아웃']));
    fill(
      document.body,
      element(
        'button',
        { class: 'skip', onclick: () => this.#main.querySelector('h1')?.focus() },
        say(['Skip to the content', '본문으로 가기']),
      ),
      element(
        'header',
        { class: 'frame' },
        element(
          'p',
          { class: 'brand' },
          'SplitPass ',
          element('span', { class: 'party' }, party),
          element('span', { class: 'soft small domain' }, this.desk.name),
        ),
        element('div', { class: 'who' }, person, speak, out),
      ),
      officer && this.#nav,
      this.#main,
    );
    this.#drawNav();
  }

  #drawNav() {
    this.#nav.setAttribute('aria-label', say(['Desk', '업무']));
    fill(
      this.#nav,
      SCREENS[this.desk.role].map(([screen, words], place) =>
        element(
          'button',
          { class: 'plain', 'data-screen': screen, onclick: () => this.go(screen) },
          say(words),
          place === 0 && this.#waiting > 0 && element('span', { class: 'badge' }, String(this.#waiting)),
        ),
      ),
    );
    this.#mark(this.#main.firstElementChild?.localName ?? '');
  }

  /** @param {string} name */
  #mark(name) {
    const within = { 'desk-case': 'desk-cases', 'desk-warrant': 'desk-warrants', 'desk-matter': 'desk-decisions' };
    const shown = within[/** @type {keyof typeof within} */ (name)] ?? name;
    for (const button of this.#nav.querySelectorAll('button')) {
      if (button.dataset.screen === shown) button.setAttribute('aria-current', 'page');
      else button.removeAttribute('aria-current');
    }
  }

  #changeLanguage() {
    changeLanguage();
    const screen = this.#main.firstElementChild;
    this.#drawFrame();
    if (screen instanceof ScreenElement) this.#show(screen.localName, screen.about);
  }
}
