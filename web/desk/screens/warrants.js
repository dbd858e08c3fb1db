/** Every warrant: at the operator the queue, with what is to be decided first. */

/** @import { ListedWarrant } from './warrant.js' */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { choice } from '../parts/fields.js';
import { tableOf } from '../parts/table.js';
import { ScreenElement } from '../screen.js';
import { counted, localTime, windowTime } from '../times.js';
import { stateInWords } from '../words.js';

customElements.define(
  'desk-warrants',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Warrants', '승인서']);
    /** @type {ListedWarrant[]} */
    #warrants = [];
    #state = '';

    async load() {
      this.#warrants = (await this.app.desk.client.get('/warrants')).warrants;
    }

    content() {
      const states = [...new Set(this.#warrants.map(({ state }) => state))];
      const shown = this.#warrants.filter(({ state }) => ['', state].includes(this.#state));
      const filter = choice(
        'state',
        ['State', '상태'],
        [['', say(['all', '모두'])], ...states.map((state) => /** @type {const} */ ([state, stateInWords(state)]))],
      );
      filter.input.value = this.#state;
      filter.input.onchange = () => {
        this.#state = filter.input.value;
        this.draw();
      };
      return [states.length > 1 && element('div', { class: 'fields' }, filter.label), this.#table(shown)];
    }

    /** @param {ListedWarrant[]} warrants */
    #table(warrants) {
      const { desk } = this.app;
      return tableOf(
        ['Warrants', '승인서'],
        [
          [
            ['Venue', '시설'],
            ({ venue_name: name, warrant }) => this.app.link(printable(name), 'desk-warrant', warrant),
          ],
          [['Window', '시간대'], ({ begins, ends }) => windowTime(begins, ends, desk.offset)],
          [['Purpose', '목적'], ({ purpose }) => say(purpose === 'notice' ? ['warning', '알림'] : ['opening', '열람'])],
          [['State', '상태'], ({ state }) => element('span', { class: `state ${state}` }, stateInWords(state))],
          [
            ['Used', '사용'],
            ({ opened, max_records: most }) =>
              say([`${counted(opened)} of ${counted(most)}`, `${counted(most)}건 중 ${counted(opened)}건`]),
          ],
          [['Issued', '작성'], ({ issued }) => localTime(issued, desk.offset)],
        ],
        warrants,
        desk.isAuthority
          ? ['No warrant was drawn yet.', '작성한 승인서가 없습니다.']
          : ['The authority has proposed no warrant yet.', '보건당국이 보낸 승인서가 없습니다.'],
      );
    }
  },
);
