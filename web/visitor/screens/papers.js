/** Paper passes, for people without a phone: a sheet to print and cut. */

/** @import { Pair } from '../../ui/language.js' */

import { codeOf } from '../../ui/code.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printPapers } from '../papers.js';
import { DAYS_AHEAD } from '../passes.js';
import { ScreenElement } from '../screen.js';
import { dayOf } from '../wallet.js';
import { errorInWords } from '../words.js';

/** @type {readonly Pair[]} */
const ADVICE = [
  ['Use it on this day, for one visit.', '이날 하루, 한 번 들어갈 때 쓸 수 있습니다.'],
  ['Show it again when you leave, a minute or more later.', '나갈 때, 들어온 지 1분이 지난 뒤에 다시 보여 주세요.'],
  ['Whoever copies it can use it: show it to nobody else.', '복사하면 누구나 쓸 수 있으니 남에게 보이지 마세요.'],
];

customElements.define(
  'visitor-papers',
  class extends ScreenElement {
    /** @type {{ day: string, texts: string[] } | null} */
    #sheet = null;
    /** @type {Pair | null} */
    #error = null;
    #busy = false;

    async refresh() {
      // a sheet is shown once
    }

    async draw() {
      this.className = 'stack';
      fill(this, ...(this.#sheet ? this.#sheetParts(this.#sheet) : await this.#question()));
    }

    async #question() {
      const wallet = await this.visitor.wallet();
      const { today } = this.visitor;
      const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => today + ahead)
        .map((epoch) => ({ epoch, left: dayOf(wallet, epoch)?.passes.length ?? 0 }))
        .filter(({ left }) => left > 0);
      const day = element(
        'select',
        { name: 'day' },
        days.map(({ epoch, left }) =>
          element(
            'option',
            { value: epoch },
            say([`${this.visitor.dayName(epoch)} (${left} passes)`, `${this.visitor.dayName(epoch)} (패스 ${left}개)`]),
          ),
        ),
      );
      const count = element('input', {
        name: 'count',
        type: 'number',
        min: 1,
        max: 100,
        value: 1,
        inputmode: 'numeric',
      });
      return [
        element('h1', { tabindex: -1 }, say(['Paper passes', '종이 출입증'])),
        element(
          'p',
          {},
          say([
            'For people without a phone. Each takes one of your passes, and leads to you if somebody is looked for.',
            '휴대전화가 없는 분을 위한 것입니다. 한 장에 패스 한 개를 쓰며, 찾게 되면 회원님에게 연락합니다.',
          ]),
        ),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        days.length === 0 &&
          element(
            'p',
            { class: 'card' },
            say(['There are no passes to print just now.', '지금은 인쇄할 패스가 없습니다.']),
          ),
        days.length > 0 &&
          element(
            'form',
            {
              class: 'card stack',
              onsubmit: (event) => {
                event.preventDefault();
                this.#print(Number(day.value), Number(count.value));
              },
            },
            element('label', {}, say(['Day', '날짜']), day),
            element('label', {}, say(['How many', '몇 장']), count),
            element('button', { class: 'primary' }, say(['Make the sheet', '만들기'])),
          ),
        this.#papersLine(wallet.papers.length),
        element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
      ];
    }

    /** @param {number} count */
    #papersLine(count) {
      return (
        count > 0 &&
        element(
          'p',
          { class: 'soft' },
          say([`${count} printed in the last weeks.`, `지난 몇 주 동안 ${count}장을 만들었습니다.`]),
        )
      );
    }

    /** @param {{ day: string, texts: string[] }} sheet */
    #sheetParts({ day, texts }) {
      return [
        element('h1', { tabindex: -1, class: 'on-screen' }, say(['Print and cut', '인쇄해서 자르세요'])),
        element(
          'p',
          { class: 'on-screen soft' },
          say([
            'The sheet is shown once: leave this screen, and it is gone.',
            '한 번만 보입니다. 이 화면을 떠나면 사라집니다.',
          ]),
        ),
        element('button', { class: 'primary on-screen', onclick: () => print() }, say(['Print', '인쇄'])),
        element(
          'div',
          { class: 'sheet' },
          texts.map((text, place) =>
            element(
              'article',
              { class: 'paper' },
              codeOf(text, say([`Paper pass ${place + 1}`, `종이 출입증 ${place + 1}`]), 4),
              element('p', { class: 'paper-day' }, `SplitPass  ${day}`),
              ADVICE.map(([english, korean]) => [
                element('p', { lang: 'en' }, english),
                element('p', { lang: 'ko' }, korean),
              ]).flat(),
            ),
          ),
        ),
        element('button', { class: 'plain on-screen', onclick: () => this.app.home() }, say(['Done', '마침'])),
      ];
    }

    /** @param {number} epoch @param {number} count */
    async #print(epoch, count) {
      if (this.#busy) return; // a second tap would burn as many passes again
      [this.#busy, this.#error] = [true, null];
      try {
        this.#sheet = { day: this.visitor.dayName(epoch), texts: await printPapers(this.visitor, epoch, count) };
      } catch (error) {
        this.#error = errorInWords(error);
      } finally {
        this.#busy = false;
      }
      await this.redraw();
    }
  },
);
