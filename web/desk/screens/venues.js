/** The register of venues: who applied, with the keys that are compared, and what is to be decided. */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { tableOf } from '../parts/table.js';
import { code } from '../parts/warrantText.js';
import { ScreenElement } from '../screen.js';

/**
 * @typedef {{ name: string, url: string, key: string, agreed: boolean, matter: string }} Change
 * @typedef {{ venue: string, name: string, url: string, key: string, approved: boolean, matter: string | null,
 *   changes: Change[] }} RegisteredVenue
 */

customElements.define(
  'desk-venues',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Venues', '시설']);
    /** @type {RegisteredVenue[]} */
    #venues = [];

    async load() {
      this.#venues = (await this.app.desk.client.get('/venues')).venues;
    }

    content() {
      const pending = this.#venues.filter(({ approved }) => !approved);
      const approved = this.#venues.filter((venue) => venue.approved);
      const changes = this.#venues.flatMap((venue) => venue.changes.map((change) => ({ ...change, venue })));
      return [
        element(
          'p',
          { class: 'soft' },
          say([
            'Compare the key with what the venue itself told you, on the telephone or on paper.',
            '키는 시설이 전화나 서면으로 직접 알려 준 것과 비교하세요.',
          ]),
        ),
        element('h2', {}, say(['To approve', '승인 대기'])),
        this.#table(pending, ['No venue waits.', '기다리는 시설이 없습니다.']),
        changes.length > 0 && element('h2', {}, say(['Changes of keys', '키 변경'])),
        changes.length > 0 &&
          tableOf(
            ['Changes of keys', '키 변경'],
            [
              [['Venue', '시설'], ({ venue }) => printable(venue.name)],
              [['New name', '새 이름'], ({ name }) => printable(name)],
              [['New key', '새 키'], ({ key }) => code(key)],
              [['Key before', '현재 키'], ({ venue }) => code(venue.key)],
              [
                ['Signed with the key before', '현재 키로 서명'],
                ({ agreed }) =>
                  agreed
                    ? say(['yes', '예'])
                    : element(
                        'strong',
                        { class: 'error' },
                        say(['NO: lost, or a stranger', '아니요: 분실이거나 다른 사람']),
                      ),
              ],
              [
                ['Action', '할 일'],
                ({ matter }) => this.app.link(say(['Read and decide', '읽고 결정']), 'desk-matter', matter),
              ],
            ],
            changes,
            ['', ''],
          ),
        element('h2', {}, say(['Approved', '승인된 시설'])),
        this.#table(approved, ['None yet.', '아직 없습니다.']),
      ];
    }

    /** @param {RegisteredVenue[]} venues @param {readonly [string, string]} empty */
    #table(venues, empty) {
      return tableOf(
        ['Venues', '시설'],
        [
          [['Name', '이름'], ({ name }) => printable(name)],
          [['Key', '키'], ({ key }) => code(key)],
          [['Server', '서버'], ({ url }) => (url ? printable(url) : say(['none', '없음']))],
          [
            ['Decision', '결정'],
            ({ approved, matter }) =>
              matter && !approved
                ? this.app.link(say(['Read and decide', '읽고 결정']), 'desk-matter', matter)
                : say(approved ? ['approved by us', '우리 기관 승인'] : ['not approved', '미승인']),
          ],
        ],
        venues,
        empty,
      );
    }
  },
);
