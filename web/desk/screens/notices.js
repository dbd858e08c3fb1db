/** Notices: warning everyone who was there, without opening anything. */

/** @import { Child } from '../../ui/dom.js' */
/** @import { ListedVenue } from '../parts/windowForm.js' */
/** @import { ListedWarrant } from './warrant.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { checkBox, textField } from '../parts/fields.js';
import { draw, limitsForm } from '../parts/limitsForm.js';
import { tableOf } from '../parts/table.js';
import { WindowForm } from '../parts/windowForm.js';
import { ScreenElement } from '../screen.js';
import { counted, localTime, windowTime } from '../times.js';
import { stateInWords } from '../words.js';

customElements.define(
  'desk-notices',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Notices', '알림']);
    /** @type {{ number: number, time: number, digests: number, advice: string }[]} */
    #notices = [];
    /** @type {ListedWarrant[]} */
    #warrants = [];
    /** @type {ListedVenue[]} */
    #venues = [];

    get isInUse() {
      return super.isInUse || this.querySelector('.adding[open], .ready input:checked') !== null;
    }

    async load() {
      const { client } = this.app.desk;
      const [{ notices }, { warrants }, { venues }] = await Promise.all([
        client.get('/notices'),
        client.get('/warrants'),
        client.get('/venues'),
      ]);
      [this.#notices, this.#venues] = [notices, venues];
      this.#warrants = warrants.filter((/** @type {ListedWarrant} */ { purpose }) => purpose === 'notice');
    }

    /** @returns {(Child | Child[])[]} */
    content() {
      const { desk } = this.app;
      return [
        element(
          'p',
          { class: 'soft' },
          say([
            'Everyone who was at a venue is warned by a list that tells nobody else who they are. ' +
              'It takes a warrant of both parties, and what the venue releases under it.',
            '시설에 있었던 모든 사람에게 알리지만, 누구인지는 아무도 알 수 없습니다. 두 기관의 승인서와 시설의 기록이 필요합니다.',
          ]),
        ),
        this.#ready(),
        this.#adding(),
        element('h2', {}, say(['Published', '공개한 알림'])),
        tableOf(
          ['Notices', '알림'],
          [
            [['Number', '번호'], ({ number }) => String(number)],
            [['Published', '공개'], ({ time }) => localTime(time, desk.offset)],
            [
              ['Advice', '안내 내용'],
              ({ advice }) => (advice ? printable(advice) : say(['none, for nobody', '없음(대상 없음)'])),
            ],
            [['Length, which hides how many', '길이(인원은 드러나지 않음)'], ({ digests }) => counted(digests)],
          ],
          this.#notices.toReversed(),
          ['None yet.', '아직 없습니다.'],
        ),
      ];
    }

    /** Warrants for notices that are on their way; those that are released can be published together. */
    #ready() {
      const { desk } = this.app;
      const open = this.#warrants.filter(({ state }) => !['withdrawn', 'expired', 'refused', 'opened'].includes(state));
      if (open.length === 0) return false;
      const boxes = new Map(
        open
          .filter(({ state }) => state === 'released')
          .map(({ warrant, venue_name: name }) => [
            warrant,
            checkBox('warrant', [`Warn those of ${printable(name)}`, `${printable(name)} 방문자에게 알림`]),
          ]),
      );
      return element(
        'section',
        { class: 'stack ready' },
        element('h2', {}, say(['On their way', '진행 중'])),
        tableOf(
          ['Warrants for notices', '알림 승인서'],
          [
            [
              ['Venue', '시설'],
              ({ venue_name: name, warrant }) => this.app.link(printable(name), 'desk-warrant', warrant),
            ],
            [['Window', '시간대'], ({ begins, ends }) => windowTime(begins, ends, desk.offset)],
            [['State', '상태'], ({ state }) => element('span', { class: `state ${state}` }, stateInWords(state))],
            [['Publish', '공개'], ({ warrant }) => boxes.get(warrant)?.label ?? '–'],
          ],
          open,
          ['', ''],
        ),
        boxes.size > 0 &&
          element(
            'div',
            { class: 'buttons' },
            element(
              'button',
              {
                class: 'primary',
                onclick: () =>
                  this.#publish([...boxes].filter(([, { input }]) => input.checked).map(([warrant]) => warrant)),
              },
              say(['Propose the notice', '알림 공개 요청']),
            ),
          ),
      );
    }

    #adding() {
      const form = new WindowForm(this.app.desk, this.#venues);
      if (!form.hasVenues) {
        return element('p', { class: 'card soft' }, say(['No venue is approved yet.', '승인된 시설이 아직 없습니다.']));
      }
      const reference = textField('legal_reference', ['Legal reference', '법적 근거'], { maxlength: 256 });
      const advice = element('textarea', { name: 'advice', required: true, rows: 3, maxlength: 330 });
      const limits = limitsForm();
      return element(
        'details',
        { class: 'card adding', ontoggle: ({ target }) => target.open && form.show() },
        element('summary', {}, element('h2', {}, say(['Draw a warrant for a notice', '알림 승인서 작성']))),
        element(
          'form',
          {
            class: 'stack',
            onsubmit: (event) => {
              event.preventDefault();
              this.#draw({
                ...form.chosen,
                purpose: 'notice',
                legal_reference: reference.input.value.trim(),
                advice: advice.value.replace(/\s+/gu, ' ').trim(),
                limits: limits.limits(),
              });
            },
          },
          form.element,
          reference.label,
          element('label', {}, say(['What they should do', '안내 내용']), advice),
          limits.element,
          element('div', { class: 'buttons' }, element('button', { class: 'primary' }, say(['Draw', '작성']))),
        ),
      );
    }

    /** @param {object} body */
    #draw(body) {
      return this.attempt(async () => {
        await draw(this.app.desk, '/warrants', body);
        await this.app.countWaiting();
      });
    }

    /** @param {string[]} warrants */
    #publish(warrants) {
      if (warrants.length === 0) return;
      this.attempt(async () => {
        const matter = await this.app.desk.client.post('/notices', { warrants });
        this.app.go('desk-matter', matter.id);
      });
    }
  },
);
