/** Who decides: the set of officers, how many each decision takes, proposals to change it, and the journal. */

/** @import { OfficerSet } from '../records.js' */
/** @import { Entry } from '../parts/journal.js' */

import { bytesToHex } from '@noble/hashes/utils.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { checkBox, numberField } from '../parts/fields.js';
import { journalOf } from '../parts/journal.js';
import { ACTION_WORDS } from '../parts/matterText.js';
import { listOf, tableOf } from '../parts/table.js';
import { code } from '../parts/warrantText.js';
import { ACTIONS } from '../payloads.js';
import { fingerprintOf } from '../records.js';
import { ScreenElement } from '../screen.js';
import { localTime, several } from '../times.js';

/** @typedef {{ name: string, fingerprint: string, time: number }} Enrolled */

const DIGEST_BYTES = 10;
const MOST = 32;

customElements.define(
  'desk-officers',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Officers', '담당자']);
    #set = /** @type {OfficerSet} */ (/** @type {any} */ (null));
    #digest = /** @type {Uint8Array} */ (new Uint8Array());
    #established = 0;
    /** @type {Enrolled[]} */
    #enrolled = [];
    /** @type {Entry[]} */
    #journal = [];

    get isInUse() {
      return super.isInUse || this.querySelector('details[open]') !== null;
    }

    async load() {
      const { desk } = this.app;
      const [{ set, digest, told }, { entries }] = await Promise.all([desk.officers(), desk.client.get('/journal')]);
      [this.#set, this.#digest, this.#journal] = [set, digest, entries];
      [this.#established, this.#enrolled] = [told.established, told.enrolled];
    }

    content() {
      const { desk } = this.app;
      const { officers, thresholds, version, origin } = this.#set;
      return [
        tableOf(
          ['Officers', '담당자'],
          [
            [['Name', '이름'], ({ name }) => printable(name)],
            [
              ['Passkeys', '패스키'],
              ({ passkeys }) => passkeys.map((passkey) => code(bytesToHex(fingerprintOf(passkey)))),
            ],
          ],
          officers,
          ['', ''],
        ),
        element(
          'section',
          { class: 'card stack' },
          element('h2', {}, say(['What a decision takes', '결정에 필요한 승인'])),
          listOf(
            thresholds.map(({ action, approvals }) => [
              ACTION_WORDS[action],
              say([`${approvals} of ${several(officers.length, 'officer')}`, `${officers.length}명 중 ${approvals}명`]),
            ]),
          ),
          listOf([
            [['Version', '판'], String(version)],
            [['In force since', '시행'], localTime(this.#established, desk.offset)],
            [['Digest', '확인 값'], code(bytesToHex(this.#digest.slice(0, DIGEST_BYTES)))],
            [['Address', '주소'], element('code', {}, printable(origin))],
          ]),
        ),
        this.#waiting(),
        this.#change(),
        journalOf(this.#journal, desk.offset),
      ];
    }

    #waiting() {
      return (
        this.#enrolled.length > 0 &&
        element(
          'section',
          { class: 'stack' },
          element('h2', {}, say(['Passkeys that do not count yet', '아직 인정되지 않은 패스키'])),
          tableOf(
            ['Passkeys that do not count yet', '아직 인정되지 않은 패스키'],
            [
              [['Name', '이름'], ({ name }) => printable(name)],
              [['Fingerprint', '확인 값'], ({ fingerprint }) => code(fingerprint)],
              [['Made', '만든 때'], ({ time }) => localTime(time, this.app.desk.offset)],
            ],
            this.#enrolled,
            ['', ''],
          ),
        )
      );
    }

    #change() {
      const { officers, thresholds } = this.#set;
      const adds = [...new Set(this.#enrolled.map(({ name }) => name))].map(
        (name) => /** @type {const} */ ([name, checkBox('add', [`Add ${printable(name)}`, `${printable(name)} 추가`])]),
      );
      const removes = officers.map(
        ({ name }) =>
          /** @type {const} */ ([name, checkBox('remove', [`Remove ${printable(name)}`, `${printable(name)} 제외`])]),
      );
      const kinds = Object.entries(ACTIONS);
      const counts = thresholds.map(({ action, approvals }) => {
        const [kind] = kinds.find(([, one]) => one === action) ?? [''];
        const field = numberField(`approvals-${kind}`, ACTION_WORDS[action], approvals, 0, MOST);
        return /** @type {const} */ ([kind, approvals, field]);
      });
      return element(
        'details',
        { class: 'card' },
        element('summary', {}, element('h2', {}, say(['Propose a change', '변경 요청']))),
        element(
          'form',
          {
            class: 'stack',
            onsubmit: (event) => {
              event.preventDefault();
              this.#propose({
                add: adds.filter(([, { input }]) => input.checked).map(([name]) => name),
                remove: removes.filter(([, { input }]) => input.checked).map(([name]) => name),
                approvals: Object.fromEntries(
                  counts
                    .filter(([, before, { input }]) => Number(input.value) !== before)
                    .map(([kind, , { input }]) => [kind, Number(input.value)]),
                ),
              });
            },
          },
          element(
            'p',
            { class: 'soft' },
            say([
              'The present officers decide on it. A new officer enrols first, with a link of the command `officers add`.',
              '현재 담당자들이 결정합니다. 새 담당자는 먼저 명령 officers add가 만드는 링크로 등록합니다.',
            ]),
          ),
          [...adds, ...removes].map(([, { label }]) => label),
          element(
            'fieldset',
            { class: 'fields' },
            element('legend', {}, say(['Approvals that a decision takes', '결정에 필요한 승인 수'])),
            counts.map(([, , { label }]) => label),
          ),
          element('div', { class: 'buttons' }, element('button', { class: 'primary' }, say(['Propose', '요청']))),
        ),
      );
    }

    /** @param {{ add: string[], remove: string[], approvals: Record<string, number> }} change */
    #propose(change) {
      return this.attempt(async () => {
        const matter = await this.app.desk.client.post('/officers/change', change);
        this.app.go('desk-matter', matter.id);
      });
    }
  },
);
