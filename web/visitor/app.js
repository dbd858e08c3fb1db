/** The page around its screens: which one is shown, and what several tabs tell each other. */

/** @import { Visitor } from './visitor.js' */

import { element, fill } from '../ui/dom.js';
import { changeLanguage, isKorean, say } from '../ui/language.js';
import { WalletError } from './errors.js';
import { fetchToday, keepFetching } from './fetching.js';
import { ScreenElement } from './screen.js';

/** A locked wallet that was out of sight for longer is closed. */
const LOCK_SECONDS = 300;

/** Shows one screen at a time. Those other than the first lie behind the browser's back button. */
export class App {
  #channel = new BroadcastChannel('splitpass');
  #main = element('main');
  /** @type {string} */
  #first = 'visitor-home';
  #hiddenAt = Infinity;
  /** Whether today's passes are being fetched. */
  isFetching = false;

  /** @param {Visitor} visitor */
  constructor(visitor) {
    this.visitor = visitor;
    visitor.onchange = () => this.#channel.postMessage('changed');
    this.#channel.onmessage = ({ data }) => (data === 'begin anew' ? location.reload() : this.refresh());
    addEventListener('popstate', ({ state }) =>
      this.#show(state?.screen?.startsWith('visitor-') ? state.screen : this.#first),
    );
    document.addEventListener('visibilitychange', () => this.#seen());
  }

  /** Show what the wallet's owner sees first, and keep fetching; a locked wallet is opened before. */
  async open() {
    if (sessionStorage.length > 0) (await import('./sentCode.js')).sentCode(); // what is too old goes
    if (this.visitor.store.isLocked) {
      this.start('visitor-locked');
      return;
    }
    if ((await this.visitor.wallet()).account) this.start('visitor-home');
    else this.start('visitor-welcome', (await this.visitor.store.get('consent')) ? 'visitor-enrol' : undefined);
    keepFetching(this.visitor, () => this.refresh());
  }

  /** Show the first screen, or another one before it. @param {string} first @param {string} [shown] */
  start(first, shown = first) {
    this.#first = first;
    this.#drawFrame();
    if (history.state?.screen) history.replaceState(null, '');
    this.#show(shown);
  }

  /** Show a screen. @param {string} name */
  go(name) {
    if (history.state?.screen) history.replaceState({ screen: name }, '');
    else history.pushState({ screen: name }, '');
    this.#show(name);
  }

  /** Go back to the first screen. */
  home() {
    if (history.state?.screen) history.back();
    else this.#show(this.#first);
  }

  /** Draw the screen again: something has changed. */
  refresh() {
    const screen = this.#main.firstElementChild;
    if (!(screen instanceof ScreenElement)) return;
    screen.refresh().catch((error) => {
      if (!(error instanceof WalletError)) throw error; // as in `keepFetching`
    });
  }

  /** Get today's passes, whatever is shown meanwhile. How that went is told at home. */
  async fetchToday() {
    this.isFetching = true;
    this.refresh();
    try {
      await fetchToday(this.visitor);
    } finally {
      this.isFetching = false;
      this.refresh();
    }
  }

  /** Have all tabs begin anew: what they hold is no longer what is stored. */
  beginAnew() {
    this.#channel.postMessage('begin anew');
    history.replaceState(null, '');
    location.reload();
  }

  /** @param {string} name */
  async #show(name) {
    if (!customElements.get(name)) await import('./screens/later.js');
    const screen = /** @type {ScreenElement} */ (document.createElement(name));
    screen.app = this;
    fill(this.#main, screen);
    scrollTo(0, 0);
  }

  /** A page that nobody has looked at for long asks for its passphrase again. */
  async #seen() {
    const [now, hidden] = [this.visitor.clock(), this.#hiddenAt];
    this.#hiddenAt = document.visibilityState === 'hidden' ? now : Infinity;
    if (document.visibilityState === 'hidden') return;
    if (now - hidden > LOCK_SECONDS && (await this.visitor.store.hasLock())) location.reload();
    else this.refresh();
  }

  #drawFrame() {
    const speak = element(
      'button',
      {
        class: 'plain small',
        lang: isKorean() ? 'en' : 'ko',
        onclick: () => {
          changeLanguage();
          this.#drawFrame();
          /** @type {HTMLElement | null} */ (document.querySelector('body > header button'))?.focus();
          const screen = this.#main.firstElementChild;
          if (screen instanceof ScreenElement) screen.draw();
        },
      },
      isKorean() ? 'English' : '한국어',
    );
    document.title = say(['SplitPass: visitor', 'SplitPass 방문자']);
    const frame = element('header', { class: 'frame' }, element('p', { class: 'brand' }, 'SplitPass'), speak);
    // A screen that is taken out of the page, if only to be put back, closes its camera and forgets what is typed.
    if (this.#main.isConnected) document.querySelector('body > header')?.replaceWith(frame);
    else fill(document.body, frame, this.#main);
  }
}
