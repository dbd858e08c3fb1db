/**
 * Codes, full-screen on white: new every 15 seconds, closed when the page goes away. Never green and never a tick:
 * staff would trust it instead of scanning.
 */

/** @import { Visitor } from '../visitor.js' */
/** @import { Screen } from '../visits.js' */

import { Direction, TIME_STEP } from '../../protocol/checkIns.js';
import { WrongEpoch } from '../../protocol/primitives/errors.js';
import { codeOf } from '../../ui/code.js';
import { tell } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';

/** After that the screen closes by itself. */
const OPEN_SECONDS = 300;
/** For how many seconds each code of a group is shown. */
const GROUP_STEP = 2;

/**
 * Show the codes of a group until somebody closes them.
 * @param {Visitor} visitor @param {Screen[]} screens @returns {Promise<void>}
 */
export function showCodes(visitor, screens) {
  return new Promise((resolve) => {
    new Codes(visitor, screens, resolve).open();
  });
}

class Codes {
  #place = 0;
  #label = -1;
  /** @type {WakeLockSentinel | null} */
  #wakeLock = null;
  #timer = 0;
  #code = element('div', { class: 'code-place' });
  #seconds = element('span', { class: 'seconds' });
  #bar = element('span', { class: 'bar' });
  #which = element('p', { class: 'which' });
  #spoken = element('p', { class: 'hidden-text', role: 'status', 'aria-live': 'polite' });
  #dialog = element('dialog', { class: 'codes', 'aria-labelledby': 'code-title' });

  /** @param {Visitor} visitor @param {Screen[]} screens @param {() => void} closed */
  constructor(visitor, screens, closed) {
    this.visitor = visitor;
    this.screens = screens;
    this.closed = closed;
    this.ends = visitor.clock() + OPEN_SECONDS;
  }

  open() {
    const isExit = this.screens[0].direction === Direction.EXIT;
    const isGroup = this.screens.length > 1;
    fill(
      this.#dialog,
      element(
        'div',
        { class: 'above' },
        element('h1', { id: 'code-title' }, say(isExit ? ['Exit', '퇴장'] : ['Entry', '입장'])),
        element('p', {}, say(['Hold this to the reader', '리더기에 대 주세요'])),
      ),
      this.#code,
      element(
        'div',
        { class: 'below' },
        isGroup &&
          element(
            'div',
            { class: 'turns' },
            this.#which,
            element('button', { onclick: () => this.#turn(1) }, say(['Next', '다음'])),
          ),
        element(
          'p',
          { class: 'countdown', 'aria-hidden': 'true' },
          element('span', { class: 'track' }, this.#bar),
          this.#seconds,
        ),
        element('button', { class: 'close large', onclick: () => this.#dialog.close() }, say(['Close', '닫기'])),
      ),
      this.#spoken,
    );
    this.#dialog.addEventListener('close', this.#close, { once: true });
    this.#dialog.addEventListener('keydown', ({ key }) => {
      if (key === 'ArrowRight') this.#turn(1);
      if (key === 'ArrowLeft') this.#turn(-1);
    });
    addEventListener('pagehide', this.#close);
    addEventListener('popstate', this.#close);
    document.addEventListener('visibilitychange', this.#seen);
    history.pushState({ screen: 'code' }, '');
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#seen();
  }

  #seen = async () => {
    if (document.visibilityState !== 'visible') return;
    this.#tick();
    try {
      this.#wakeLock = (await navigator.wakeLock?.request('screen')) ?? null;
      if (!this.#dialog.isConnected) await this.#wakeLock?.release();
    } catch {
      // a phone that saves power may say no
    }
  };

  #tick = () => {
    clearTimeout(this.#timer);
    const now = this.visitor.clock();
    if (now >= this.ends) {
      this.#close();
      return;
    }
    const label = now - (now % TIME_STEP);
    if (this.screens.length > 1 && now % GROUP_STEP === 0 && this.#label !== -1)
      this.#place = (this.#place + 1) % this.screens.length;
    this.#draw(now, label);
    this.#timer = window.setTimeout(this.#tick, 1000 - (Date.now() % 1000));
  };

  /** @param {number} step */
  #turn(step) {
    const count = this.screens.length;
    this.#place = (this.#place + step + count) % count;
    const now = this.visitor.clock();
    this.#draw(now, now - (now % TIME_STEP));
  }

  /** @param {number} now @param {number} label */
  #draw(now, label) {
    const [left, count] = [TIME_STEP - (now - label), this.screens.length];
    try {
      if (label !== this.#label || count > 1) {
        const text = this.screens[this.#place].text(now);
        fill(this.#code, codeOf(text, say(['QR code for the reader', '리더기에 보일 QR 코드'])));
      }
    } catch (error) {
      if (!(error instanceof WrongEpoch)) throw error;
      this.#close();
      tell({
        title: ['A new day has begun', '날짜가 바뀌었습니다'],
        text: ['Open the code again.', 'QR 코드를 다시 열어 주세요.'],
      });
      return;
    }
    if (label !== this.#label) {
      this.#spoken.textContent =
        this.#label === -1
          ? say([
              'A code is on the screen. It renews itself every 15 seconds.',
              '화면에 코드가 있습니다. 15초마다 바뀝니다.',
            ])
          : say([
              `New code, ${new Date(now * 1000).toLocaleTimeString('en')}`,
              `새 코드, ${new Date(now * 1000).toLocaleTimeString('ko')}`,
            ]);
    }
    this.#label = label;
    this.#which.textContent = say([`Person ${this.#place + 1} of ${count}`, `${count}명 중 ${this.#place + 1}번째`]);
    this.#seconds.textContent = say([`New code in ${left} s`, `${left}초 뒤 새 코드`]);
    this.#bar.style.setProperty('inline-size', `${(100 * left) / TIME_STEP}%`);
  }

  #close = () => {
    if (!this.#dialog.isConnected) return;
    clearTimeout(this.#timer);
    removeEventListener('pagehide', this.#close);
    removeEventListener('popstate', this.#close);
    document.removeEventListener('visibilitychange', this.#seen);
    this.#wakeLock?.release();
    this.#dialog.remove();
    if (history.state?.screen === 'code') history.back();
    this.closed();
  };
}
