/** The cases, and starting one. */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { textField } from '../parts/fields.js';
import { tableOf } from '../parts/table.js';
import { ScreenElement } from '../screen.js';
import { localTime } from '../times.js';
import { stateInWords } from '../words.js';

/**
 * @typedef {{ name: string, started: number, closed: number | null, legal_reference: string,
 *   states: Record<string, number> }} Case
 */

customElements.define(
  'desk-cases',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Cases', '사건']);
    /** @type {Case[]} */
    #cases = [];

    async load() {
      const { cases } = await this.app.desk.client.get('/cases?all=1');
      this.#cases = cases.toSorted((/** @type {Case} */ one, /** @type {Case} */ other) => other.started - one.started);
    }

    content() {
      const { desk } = this.app;
      const open = this.#cases.filter(({ closed }) => closed === null);
      const closed = this.#cases.filter((one) => one.closed !== null);
      return [
        this.#table(open),
        this.#form(),
        closed.length > 0 &&
          element(
            'details',
            {},
            element('summary', {}, say([`Closed (${closed.length})`, `종결(${closed.length})`])),
            this.#table(closed),
          ),
        element(
          'p',
          { class: 'soft small' },
          say([`Times are those of the domain ${desk.name}.`, `시각은 도메인 ${desk.name}의 시각입니다.`]),
        ),
      ];
    }

    /** @param {Case[]} cases */
    #table(cases) {
      const { offset } = this.app.desk;
      return tableOf(
        ['Cases', '사건'],
        [
          [['Name', '이름'], ({ name }) => this.app.link(printable(name), 'desk-case', name)],
          [
            ['Windows', '시간대'],
            ({ states }) =>
              Object.entries(states)
                .map(([state, count]) => `${stateInWords(state)} ${count}`)
                .join(', ') || say(['none yet', '아직 없음']),
          ],
          [['Legal reference', '법적 근거'], ({ legal_reference: reference }) => printable(reference)],
          [['Started', '시작'], ({ started }) => localTime(started, offset)],
        ],
        cases,
        ['No case is open. Start one below.', '진행 중인 사건이 없습니다. 아래에서 시작하세요.'],
      );
    }

    #form() {
      const name = textField('name', ['Name, which nobody else is told', '이름(밖에 알려지지 않음)'], {
        maxlength: 64,
      });
      const reference = textField(
        'legal_reference',
        ['Legal reference: the law, and a number', '법적 근거(법 조항과 번호)'],
        { maxlength: 256 },
      );
      return element(
        'form',
        {
          class: 'card stack',
          onsubmit: (event) => {
            event.preventDefault();
            this.#start(name.input.value.trim(), reference.input.value.trim());
          },
        },
        element('h2', {}, say(['Start a case', '사건 시작'])),
        name.label,
        reference.label,
        element(
          'p',
          { class: 'soft small' },
          say([
            'The reference is published word for word with what was opened. It must name no venue and no person.',
            '법적 근거는 열람 내용과 함께 그대로 공개됩니다. 시설이나 사람 이름을 쓰지 마세요.',
          ]),
        ),
        element('div', { class: 'buttons' }, element('button', { class: 'primary' }, say(['Start', '시작']))),
      );
    }

    /** @param {string} name @param {string} reference */
    async #start(name, reference) {
      await this.attempt(async () => {
        await this.app.desk.client.post('/cases', { name, legal_reference: reference });
        this.app.go('desk-case', name);
      });
    }
  },
);
