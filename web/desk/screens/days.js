/** Retention, erasures, and whether everything is well: the log, the last audit, what is missing. */

import { ask } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { listOf, tableOf } from '../parts/table.js';
import { ScreenElement } from '../screen.js';
import { counted, localTime, several } from '../times.js';
import { stateInWords } from '../words.js';

/**
 * @typedef {{ epoch: number, begins: number, state: 'ahead' | 'current' | 'kept' | 'erased',
 *   erase_by: number | null }} Day
 * @typedef {{ log: { entries: number, cosigned: number | null, late: boolean }, epochs: Day[], retention_days: number,
 *   audit: { time: number, faults: number } | null, missing: string[] }} Health
 */

customElements.define(
  'desk-days',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Days and health', '보존과 상태']);
    #health = /** @type {Health} */ (/** @type {any} */ (null));

    async load() {
      this.#health = await this.app.desk.client.get('/health');
    }

    content() {
      const { desk } = this.app;
      const { log, audit, missing, epochs, retention_days: days } = this.#health;
      const isWell = missing.length === 0 && !log.late && (audit?.faults ?? 0) === 0;
      return [
        element(
          'section',
          { class: 'card stack' },
          element(
            'p',
            { class: 'big-line', role: 'status' },
            say(isWell ? ['Nothing is missing', '이상 없음'] : ['Something needs a look', '확인이 필요합니다']),
          ),
          missing.length > 0 &&
            element(
              'ul',
              { class: 'points' },
              missing.map((text) => element('li', {}, printable(text))),
            ),
          listOf([
            [['Entries of our log', '우리 공개 기록'], say([`${counted(log.entries)}`, `${counted(log.entries)}건`])],
            [
              ['Last cosigned', '마지막 공동 서명'],
              [
                log.cosigned === null ? say(['never', '없음']) : localTime(log.cosigned, desk.offset),
                log.late && element('strong', { class: 'error' }, say([' late', ' 늦음'])),
              ],
            ],
            [
              ['Last audit', '마지막 감사'],
              audit === null
                ? say(['none here', '기록 없음'])
                : [
                    localTime(audit.time, desk.offset),
                    audit.faults > 0
                      ? element(
                          'strong',
                          { class: 'error' },
                          say([`, ${several(audit.faults, 'fault')}`, `, 문제 ${audit.faults}건`]),
                        )
                      : say([', no fault', ', 문제 없음']),
                  ],
            ],
            [['Retention', '보존 기간'], say([several(days, 'day'), `${days}일`])],
          ]),
        ),
        element('h2', {}, say(['Days', '날짜'])),
        tableOf(
          ['Days', '날짜'],
          [
            [['Day', '날짜'], ({ begins }) => localTime(begins, desk.offset).slice(0, 10)],
            [
              ['Our share', '우리 키 조각'],
              ({ state }) => element('span', { class: `state ${state}` }, stateInWords(state)),
            ],
            [
              ['Erased by', '삭제 예정'],
              ({ erase_by: by }) => (by === null ? '–' : localTime(by, desk.offset).slice(0, 10)),
            ],
            [
              ['Action', '할 일'],
              (day) =>
                day.state === 'kept'
                  ? element(
                      'button',
                      { class: 'link', onclick: () => this.#erase(day) },
                      say(['Erase early', '미리 삭제']),
                    )
                  : '–',
            ],
          ],
          epochs.toSorted((one, other) => other.epoch - one.epoch),
          ['No day is published yet.', '아직 공개된 날이 없습니다.'],
        ),
      ];
    }

    /** @param {Day} day */
    async #erase({ epoch, begins }) {
      const { desk } = this.app;
      const date = localTime(begins, desk.offset).slice(0, 10);
      const agreed = await ask({
        title: [`Propose to erase ${date}?`, `${date} 삭제를 요청할까요?`],
        text: [
          'Officers decide on it. Then check-ins of that day can never be opened, by anybody.',
          '담당자들이 결정합니다. 삭제하면 그날의 기록은 누구도 열 수 없습니다.',
        ],
        yes: ['Propose', '요청'],
        no: ['Cancel', '취소'],
        danger: true,
      });
      if (!agreed) return;
      await this.attempt(async () => {
        const matter = await desk.client.post('/erasures', { epoch });
        this.app.go('desk-matter', matter.id);
      });
    }
  },
);
