/**
 * The page around its screens. One window at a time is the door: two would admit one pass twice.
 *
 * @import { DoorServer } from './server.js'
 * @import { DoorStore } from './store.js'
 */

import { element, fill } from '../ui/dom.js';
import { changeLanguage, isKorean, say } from '../ui/language.js';
import { keepStorage } from '../ui/surroundings.js';
import { DoorClock } from './clock.js';
import { Door } from './door.js';
import { forgetPending, pair, pairedToken, pendingSecret } from './pairing.js';
import { ScreenElement } from './screen.js';

const LOCK = 'splitpass door';

/** Shows one screen at a time. */
export class App {
  /** The door, once it is paired. @type {Door | null} */
  door = null;
  /** The secret of a link that was opened and waits. @type {Uint8Array | null} */
  secret = null;
  #main = element('main');

  /** @param {DoorStore} store @param {DoorServer} server */
  constructor(store, server) {
    this.store = store;
    this.server = server;
  }

  /** Be the door, unless another window is. @param {Uint8Array | null} secret that of a link for pairing */
  async open(secret) {
    this.secret = secret ?? (await pendingSecret(this.store)) ?? null;
    if (await this.#hold({ ifAvailable: true })) await this.#begin();
    else this.show('door-elsewhere');
  }

  /** Take the door over from the window that has it. */
  async takeOver() {
    await this.#hold({ steal: true });
    await this.#begin();
  }

  /** Pair by the link that was opened, and begin anew. */
  async pair() {
    if (!this.secret) return;
    await pair(this.store, this.server, this.secret);
    await keepStorage();
    this.#beginAnew();
  }

  /** Go on with the pairing that there is. */
  async dismiss() {
    this.secret = null;
    await forgetPending(this.store);
    this.start();
  }

  /** Forget the pairing, and everything of it. */
  async unpair() {
    await this.store.beginAnew();
    this.#beginAnew();
  }

  /** Admit people. */
  start() {
    this.show('door-gate');
    this.door?.beginShift();
  }

  /** Show a screen. @param {string} name */
  show(name) {
    const screen = /** @type {ScreenElement} */ (document.createElement(name));
    screen.app = this;
    fill(this.#main, screen);
    this.#drawFrame();
  }

  /** Speak the other language. */
  changeLanguage() {
    changeLanguage();
    this.#drawFrame();
    this.#screen?.draw();
    /** @type {HTMLElement | null} */ (
      document.querySelector('.at-gate h1, body:not(.at-gate) > header button') // at the gate the frame is hidden
    )?.focus({ preventScroll: true });
  }

  get #screen() {
    const screen = this.#main.firstElementChild;
    return screen instanceof ScreenElement ? screen : null;
  }

  /**
   * Hold the lock as long as this window is open; whether it was free.
   * @param {LockOptions} options @returns {Promise<boolean>}
   */
  #hold(options) {
    return new Promise((resolve) => {
      const held = navigator.locks.request(LOCK, options, (lock) => {
        resolve(lock !== null);
        return lock && new Promise(() => {});
      });
      held.catch(() => this.#beginAnew()); // another window took it over
    });
  }

  async #begin() {
    const token = await pairedToken(this.store);
    if (token) {
      this.door = await Door.open(this.store, this.server, new DoorClock(), token);
      this.door.onchange = () => this.#changed();
    }
    if (this.door && !this.secret) this.start();
    else this.show('door-unpaired');
  }

  #beginAnew() {
    this.door?.deliveries.retire();
    location.reload();
  }

  #changed() {
    if (this.door?.deliveries.isRevoked && this.#screen?.localName !== 'door-unpaired') this.show('door-unpaired');
    this.#screen?.update();
  }

  #drawFrame() {
    document.title = say(['SplitPass: door', 'SplitPass 출입문']);
    const speak = element(
      'button',
      { class: 'plain small', lang: isKorean() ? 'en' : 'ko', onclick: () => this.changeLanguage() },
      isKorean() ? 'English' : '한국어',
    );
    const frame = element('header', { class: 'frame' }, element('p', { class: 'brand' }, 'SplitPass'), speak);
    // A screen that is taken out of the page, if only to be put back, closes its camera.
    if (this.#main.isConnected) document.querySelector('body > header')?.replaceWith(frame);
    else fill(document.body, frame, this.#main);
  }
}
