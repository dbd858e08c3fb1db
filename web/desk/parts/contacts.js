/** The people whom an opening found. They are neither fetched nor shown before the officer asks, and go when unseen. */

/** @import { Desk } from '../desk.js' */

import { ask } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { counted, localTime } from '../times.js';
import { errorInWords } from '../words.js';
import { tableOf } from './table.js';

/**
 * @typedef {{ phone: string, names: string[], verified: boolean, verified_on: string | null, domains: string[],
 *   visits: { venue: string, domain: string, entered: number | null, left: number | null, party_size: number | null }[]
 * }} Contact
 */

/** More people than these are read in a list that is exported. */
const MOST = 500;

/** A section that is blurred and empty until somebody asks. */
export class Contacts extends HTMLElement {
  /** @type {Contact[] | null} */
  #people = null;
  #desk = /** @type {Desk} */ (/** @type {any} */ (null));
  #path = '';
  #unseen = () => document.visibilityState === 'hidden' && this.hide();

  /** @param {Desk} desk @param {string} path where they are asked for */
  of(desk, path) {
    [this.#desk, this.#path] = [desk, path];
    return this;
  }

  /** Whether contacts are on the screen. */
  get isShown() {
    return this.#people !== null;
  }

  /** Drop what was fetched. */
  hide() {
    this.#people = null;
    this.#draw();
  }

  connectedCallback() {
    this.className = 'card stack contacts';
    document.addEventListener('visibilitychange', this.#unseen);
    this.#draw();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#unseen);
    queueMicrotask(() => {
      if (this.isConnected) return; // its screen was drawn again
      this.#people = null;
      fill(this);
    });
  }

  async #ask() {
    const agreed = await ask({
      title: ['Show names and phone numbers?', '이름과 전화번호를 볼까요?'],
      text: [
        'The journal notes that you looked. They go from the screen when you leave it.',
        '보았다는 사실이 기록됩니다. 화면을 떠나면 사라집니다.',
      ],
      yes: ['Show them', '보기'],
      no: ['Cancel', '취소'],
    });
    if (!agreed) return;
    fill(this, this.#title(), element('p', { role: 'status' }, say(['Loading …', '불러오는 중…'])));
    try {
      this.#people = (await this.#desk.client.post(this.#path)).people;
      this.#draw();
    } catch (error) {
      this.#draw();
      this.append(element('p', { class: 'error', role: 'alert' }, say(errorInWords(error))));
    }
  }

  #title() {
    return element('h2', { tabindex: -1 }, say(['Contacts', '접촉자']));
  }

  #draw() {
    if (this.#people === null) {
      fill(
        this,
        this.#title(),
        element(
          'div',
          { class: 'veil' },
          element(
            'div',
            { class: 'blurred', 'aria-hidden': 'true' },
            Array.from({ length: 3 }, () => element('p', {}, '○○○ 000-0000-0000')),
          ),
          element('button', { onclick: () => this.#ask() }, say(['Show contacts', '접촉자 보기'])),
        ),
      );
      return;
    }
    const { offset } = this.#desk;
    fill(
      this,
      this.#title(),
      tableOf(
        ['Contacts', '접촉자'],
        [
          [['Name', '이름'], ({ names }) => names.map(printable).join(' · ')],
          [['Phone', '전화번호'], ({ phone }) => printable(phone)],
          [
            ['Verified', '확인'],
            ({ verified, verified_on: day, domains }) =>
              verified
                ? [day ?? '', ...domains.map(printable)].join(' · ')
                : say(['not verified, the venue says so', '미확인(시설이 적음)']),
          ],
          [
            ['Visits', '방문'],
            ({ visits }) =>
              element(
                'ul',
                { class: 'visits' },
                visits.map((visit) => element('li', {}, inWords(visit, offset))),
              ),
          ],
        ],
        this.#people.slice(0, MOST),
        ['Nobody was found.', '확인된 사람이 없습니다.'],
      ),
      this.#people.length > MOST &&
        element(
          'p',
          { class: 'note' },
          say([
            `These are the first ${MOST} of ${counted(this.#people.length)}. Export the list for all.`,
            `전체 ${counted(this.#people.length)}명 중 ${MOST}명입니다. 모두 보려면 명단을 내보내세요.`,
          ]),
        ),
      element(
        'div',
        { class: 'buttons' },
        element('button', { onclick: () => this.hide() }, say(['Hide them again', '다시 숨기기'])),
      ),
    );
    this.querySelector('h2')?.focus({ preventScroll: true });
  }
}

customElements.define('desk-contacts', Contacts);

/** @param {Contact['visits'][number]} visit @param {number} offset */
function inWords({ venue, entered, left, party_size: size }, offset) {
  const from = entered === null ? '?' : localTime(entered, offset);
  const until = left === null ? '?' : localTime(left, offset).slice(11);
  const group = size !== null && size > 1 ? say([`, group of ${size}`, `, 일행 ${size}명`]) : '';
  return `${printable(venue)}, ${from} – ${until}${group}`;
}
