/** The door at work: what the camera sees, and an answer that fills the screen. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Answer, Door } from '../door.js' */

/** Something staff should know just now. @typedef {{ text: string, kind: '' | 'bad', press?: () => void }} State */

import { tell } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { Eye } from '../eye.js';
import { Scanner } from '../scanner.js';
import { ScreenElement } from '../screen.js';
import { shapeOf, signOf, wordOf } from '../signs.js';
import { Sounds } from '../sounds.js';
import { View } from '../view.js';
import { WakeLock } from '../wakeLock.js';
import { askForPerson } from './assisted.js';
import { tellMore } from './more.js';
import { OFFLINE } from './limits.js';

const ANSWER_MILLISECONDS = 1_500;
const [MUTED, CAMERA] = ['muted', 'camera'];

customElements.define(
  'door-gate',
  class extends ScreenElement {
    #sounds = new Sounds();
    #wakeLock = new WakeLock();
    #held = new View();
    #scanned = new View();
    #answering = Promise.resolve();
    /** @type {Answer | null} */
    #last = null;
    #hasChoice = false;
    /** @type {unknown} */
    #failure = null;
    #video = element('video', { playsinline: true, muted: true });
    #sign = element('div', { class: 'answer', 'aria-live': 'assertive', 'aria-atomic': 'true' });
    #eye = new Eye(this.#video, (text) => this.#seen(text));
    #scanner = new Scanner((text) => this.#typed(text));
    #states = element('div', { class: 'states' });
    #trouble = element('p', { class: 'trouble note', role: 'status' });
    #lastLine = element('p', { class: 'last' });
    #stated = '';
    /** @type {Record<'person' | 'lamp' | 'other' | 'sound', HTMLButtonElement>} */
    #tools = /** @type {any} */ ({});

    async connectedCallback() {
      document.body.classList.add('at-gate');
      addEventListener('keydown', this.#press, true);
      addEventListener('pointerdown', this.#touched);
      super.connectedCallback();
      this.#wakeLock.hold();
      this.#sounds.isMuted = Boolean(await this.app.store.get(MUTED));
      this.#eye.device = (await this.app.store.get(CAMERA)) ?? null;
      this.#eye.onchange = (failure) => this.#cameraChanged(failure);
      await this.#eye.open();
    }

    disconnectedCallback() {
      document.body.classList.remove('at-gate');
      removeEventListener('keydown', this.#press, true);
      removeEventListener('pointerdown', this.#touched);
      this.#wakeLock.release();
      this.#eye.close();
    }

    get #door() {
      return /** @type {Door} */ (this.app.door);
    }

    draw() {
      const heading = element('h1', { tabindex: -1 }, say(['Door', '출입문']));
      this.#video.setAttribute('aria-label', say(['Camera', '카메라']));
      this.#stated = '';
      this.#tools = {
        person: element('button', { onclick: () => this.#assist() }, say(['Without phone', '휴대전화 없음'])),
        lamp: element('button', { onclick: () => this.#light() }, say(['Lamp', '조명'])),
        other: element('button', { onclick: () => this.#turn() }, say(['Other camera', '카메라 바꾸기'])),
        sound: element('button', { onclick: () => this.#mute() }, say(['Sound', '소리'])),
      };
      const more = element('button', { onclick: () => tellMore(this.app) }, say(['More', '더 보기']));
      fill(
        this,
        this.#video,
        element('div', { class: 'finder', 'aria-hidden': 'true' }),
        element('div', { class: 'top' }, heading, this.#states),
        this.#trouble,
        element(
          'div',
          { class: 'bottom' },
          element(
            'p',
            { class: 'hint' },
            element('span', { lang: 'ko' }, 'QR 코드를 보여 주세요'),
            ' ',
            element('span', { lang: 'en' }, 'Show your QR code'),
          ),
          this.#lastLine,
          element('div', { class: 'tools' }, Object.values(this.#tools), more),
        ),
        this.#sign,
      );
      this.update();
    }

    /** Elements that somebody may just be pressing stay where they are. */
    update() {
      const [heading, { view }] = [this.querySelector('h1'), this.#door.keys];
      if (heading && view) heading.textContent = `${view.name} · ${view.door}`;
      this.#updateStates();
      const { person, lamp, other, sound } = this.#tools;
      person.hidden = view === null || view.assisted === null;
      lamp.hidden = !this.#eye.hasTorch;
      lamp.setAttribute('aria-pressed', String(this.#eye.isLit));
      other.hidden = !this.#hasChoice;
      sound.setAttribute('aria-pressed', String(!this.#sounds.isMuted));
      const trouble = this.#failure ? say(failureInWords(this.#failure)) : '';
      if (this.#trouble.textContent !== trouble) this.#trouble.textContent = trouble;
      this.#video.classList.toggle('mirror', this.#eye.isMirror);
      const { kind, reason } = this.#last ?? {};
      fill(
        this.#lastLine,
        kind && shapeOf(kind),
        kind && element('span', {}, [say(wordOf(kind)), reason && say(reason)].filter(Boolean).join(': ')),
      );
    }

    /** What staff should know just now. */
    #updateStates() {
      const states = [this.#offline(), this.#keys(), this.#clock(), this.#refused(), this.#silence()];
      const shown = /** @type {State[]} */ (states.filter(Boolean));
      const stated = JSON.stringify(shown);
      if (stated === this.#stated) return;
      this.#stated = stated;
      fill(
        this.#states,
        shown.map(({ text, kind, press }) =>
          press
            ? element('button', { class: `state ${kind}`, onclick: press }, text)
            : element('p', { class: `state ${kind}` }, text),
        ),
      );
    }

    /** @returns {State | null} */
    #offline() {
      const { isOnline, count } = this.#door.deliveries;
      if (isOnline !== false && count === 0) return null;
      const waiting = say([`${count} waiting`, `${count}건 대기`]);
      const text = isOnline === false ? `${say(['Without server', '서버 없이 확인 중'])} · ${waiting}` : waiting;
      return { text, kind: '', press: () => tell(OFFLINE) };
    }

    /** @returns {State | null} */
    #keys() {
      if (this.#door.hasTodaysKeys) return null;
      const text = say([
        "The day's keys are missing: connect this device",
        '오늘의 키가 없습니다: 인터넷에 연결하세요',
      ]);
      return { text, kind: 'bad' };
    }

    /** @returns {State | null} */
    #clock() {
      const seconds = Math.abs(this.#door.clock.warning);
      if (seconds === 0) return null;
      return { text: say([`This clock is ${seconds} s off`, `이 기기의 시계가 ${seconds}초 다릅니다`]), kind: 'bad' };
    }

    /** @returns {State | null} */
    #refused() {
      const { length } = this.#door.deliveries.refused;
      if (length === 0) return null;
      const text = say([`Refused later: ${length}`, `나중에 거절됨: ${length}`]);
      return { text, kind: 'bad', press: () => tellMore(this.app) };
    }

    /** Any touch turns the sound on. @returns {State | null} */
    #silence() {
      if (this.#sounds.isMuted || !this.#sounds.isWaiting) return null;
      return { text: say(['Tap for sound', '눌러서 소리 켜기']), kind: '', press: () => {} };
    }

    /** What the camera sees; the next picture waits for the answer. @param {string} text */
    async #seen(text) {
      if (isBusy() || !this.#held.isNew(text)) return;
      const { kind } = await this.#answer(() => this.#door.decide(text));
      if (kind === 'enter' || kind === 'exit') this.#held.admit(text);
    }

    /** What a scanner typed. @param {string} text */
    #typed(text) {
      if (!isBusy() && this.#scanned.isNew(text)) this.#answer(() => this.#door.decide(text));
    }

    /**
     * Give one answer after the other, each for a while.
     * @param {() => Promise<Answer>} decide @returns {Promise<Answer>}
     */
    #answer(decide) {
      const answered = this.#answering.then(async () => this.#show(await decide()));
      this.#answering = answered.then(
        () => pause(ANSWER_MILLISECONDS).then(() => fill(this.#sign)),
        () => undefined,
      );
      return this.#answering.then(() => answered);
    }

    /** @param {Answer} answer */
    #show(answer) {
      this.#last = answer;
      fill(this.#sign, signOf(answer));
      this.#sounds.play(answer.kind === 'enter' || answer.kind === 'exit' ? 'yes' : 'no');
      this.update();
      return answer;
    }

    async #assist() {
      const answer = await askForPerson(this.#door);
      if (answer) this.#answer(() => Promise.resolve(answer));
    }

    async #mute() {
      this.#sounds.isMuted = !this.#sounds.isMuted;
      this.update();
      await this.app.store.put(MUTED, this.#sounds.isMuted);
      this.#sounds.play('yes');
    }

    async #light() {
      await this.#eye.light();
      this.update();
    }

    async #turn() {
      await this.app.store.put(CAMERA, await this.#eye.turn());
    }

    /** @param {unknown} failure */
    async #cameraChanged(failure) {
      this.#failure = failure;
      this.#hasChoice = failure === null && (await this.#eye.devices()).length > 1;
      this.update();
    }

    #press = (/** @type {KeyboardEvent} */ event) => {
      this.#touched();
      if (!isBusy()) this.#scanner.press(event);
    };

    #touched = async () => {
      if (!this.#sounds.isWaiting) return;
      await this.#sounds.start();
      this.update();
    };
  },
);

/** Whether staff are asked something. */
const isBusy = () => document.querySelector('dialog[open]') !== null;

/** @param {number} milliseconds */
const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** @param {unknown} failure @returns {Pair} */
function failureInWords(failure) {
  const name = failure instanceof DOMException ? failure.name : '';
  if (name === 'NotAllowedError') {
    return [
      'This page may not use the camera. Allow it in the browser’s settings for this page. A scanner works without.',
      '카메라를 쓸 수 없습니다. 브라우저 설정에서 이 페이지의 카메라를 허용해 주세요. 스캐너는 그대로 쓸 수 있습니다.',
    ];
  }
  return [
    'No camera: it is missing, or another program uses it. This is tried again by itself. A scanner works without.',
    '카메라가 없거나 다른 프로그램이 쓰고 있습니다. 자동으로 다시 시도합니다. 스캐너는 그대로 쓸 수 있습니다.',
  ];
}
