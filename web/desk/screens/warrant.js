/** One warrant: all of it, its steps, and what can be done under it. */

/** @import { Child } from '../../ui/dom.js' */
/** @import { Pair } from '../../ui/language.js' */
/** @import { Entry } from '../parts/journal.js' */

import { hexToBytes } from '@noble/hashes/utils.js';
import { Warrant } from '../../protocol/warrants.js';
import { ask } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { Contacts } from '../parts/contacts.js';
import { save } from '../parts/files.js';
import { JobView } from '../parts/job.js';
import { journalOf } from '../parts/journal.js';
import { KeptSummary } from '../parts/outcome.js';
import { listOf } from '../parts/table.js';
import { warrantFacts } from '../parts/warrantText.js';
import { ScreenElement } from '../screen.js';
import { counted, localTime, several } from '../times.js';
import { decisionLink, stateInWords } from '../words.js';

/**
 * A warrant as the server lists it; `record` is its encoding.
 * @typedef {object} ListedWarrant
 * @property {string} warrant
 * @property {string} record
 * @property {'opening' | 'notice'} purpose
 * @property {string} venue
 * @property {string} venue_name
 * @property {number} begins
 * @property {number} ends
 * @property {number} max_records
 * @property {number} issued
 * @property {number} expires
 * @property {string} state
 * @property {number} opened
 * @property {{ step: string, time: number, visits: number | null, reason: string | null }[]} steps
 * @property {string | null} matter
 * @property {string | null} [case]
 * @property {string | null} [refused]
 * @property {number | null} [record_index]
 */

/** What the authority's officer can do with a warrant in a state. @type {Record<string, string[]>} */
const STEPS = {
  drawn: ['withdraw'],
  proposed: ['look', 'withdraw'],
  countersigned: ['release', 'withdraw'],
  released: ['open', 'release', 'withdraw'],
  shared: ['open'],
  opened: ['release', 'open'],
};

/** @type {Record<string, Pair>} */
const WORDS = {
  look: ['Ask the other party', '상대 기관에 확인'],
  release: ['Ask the venue', '시설에 요청'],
  open: ['Open', '열기'],
  withdraw: ['Withdraw', '철회'],
};

customElements.define(
  'desk-warrant',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Warrant', '승인서']);
    #warrant = /** @type {ListedWarrant & { journal: Entry[] }} */ (/** @type {any} */ (null));
    #summary = new KeptSummary();
    #contacts = new Contacts();
    #job = new JobView();

    get #path() {
      return `/warrants/${this.about}`;
    }

    get isInUse() {
      return super.isInUse || this.#contacts.isShown;
    }

    async load() {
      const { desk } = this.app;
      this.#warrant = await desk.client.get(this.#path);
      if (desk.isAuthority) await this.#summary.look(desk, this.#path, this.#warrant.opened);
      this.#contacts.of(desk, `${this.#path}/contacts`);
    }

    async tick() {
      if (this.app.desk.isAuthority && this.#warrant?.state === 'proposed') {
        await this.app.desk.client.post(`${this.#path}/look`).catch(() => {});
      }
      await this.refresh();
    }

    /** @returns {(Child | Child[])[]} */
    content() {
      const { desk } = this.app;
      const { record, venue_name: name, state, opened, matter, refused, record_index: index, journal } = this.#warrant;
      const warrant = Warrant.fromBytes(hexToBytes(record));
      const isFound = desk.isAuthority && opened > 0 && this.#warrant.purpose === 'opening';
      return [
        element(
          'section',
          { class: 'card stack' },
          element('p', { class: `state ${state}` }, stateInWords(state)),
          refused && element('p', { class: 'note' }, say(['Reason: ', '이유: ']), printable(refused)),
          warrantFacts(warrant, name, desk.offset),
        ),
        this.#actions(matter),
        this.#job.childElementCount > 0 && this.#job,
        element(
          'section',
          { class: 'card stack' },
          element('h2', {}, say(['What became of it', '진행'])),
          listOf([
            ...this.#warrant.steps.map(
              ({ step, time, visits, reason }) =>
                /** @type {const} */ ([
                  [stateInWords(step), stateInWords(step)],
                  [
                    localTime(time, desk.offset),
                    visits !== null && say([`, ${several(visits, 'visit')}`, `, 방문 ${counted(visits)}건`]),
                    reason && `: ${printable(reason)}`,
                  ],
                ]),
            ),
            [
              desk.isAuthority ? ['Passes opened', '열린 패스'] : ['Shares given for', '키 조각을 준 패스'],
              counted(opened),
            ],
            index !== null && index !== undefined && [['Entry in our log', '공개 기록 번호'], String(index)],
          ]),
        ),
        isFound && this.#summary.show(desk),
        isFound && this.#contacts,
        isFound &&
          element(
            'div',
            { class: 'buttons' },
            element('button', { onclick: () => this.#export() }, say(['Export the visits', '방문 목록 내보내기'])),
          ),
        journalOf(journal, desk.offset),
      ];
    }

    /** @param {string | null} matter */
    #actions(matter) {
      const { app } = this;
      const { state, purpose } = this.#warrant;
      const steps = app.desk.isAuthority ? (STEPS[state] ?? []) : [];
      const allowed = steps.filter((step) => !(purpose === 'notice' && step === 'open'));
      if (!matter && allowed.length === 0) return false;
      const isUndecided = ['drawn', 'pending'].includes(state);
      return element(
        'div',
        { class: 'buttons' },
        matter &&
          element(
            'button',
            { class: isUndecided ? 'primary' : null, onclick: () => app.go('desk-matter', matter) },
            decisionLink(state),
          ),
        allowed.map((step, place) =>
          element(
            'button',
            {
              class: place === 0 && !isUndecided && state !== 'opened' ? 'primary' : null,
              onclick: () => this.#run(step),
            },
            say(WORDS[step]),
          ),
        ),
      );
    }

    /** @param {string} step */
    async #run(step) {
      if (step === 'withdraw') {
        const agreed = await ask({
          title: ['Withdraw this warrant?', '이 승인서를 철회할까요?'],
          text: ['It is taken back for good, and stays on record.', '완전히 철회하며, 기록에는 남습니다.'],
          yes: ['Withdraw', '철회'],
          no: ['Cancel', '취소'],
          danger: true,
        });
        if (!agreed) return;
      }
      await this.attempt(async () => {
        const { job } = await this.app.desk.client.post(`${this.#path}/${step}`);
        if (!job) return;
        this.#job = new JobView();
        this.#job.append(element('p', {}, say(['Begun …', '시작했습니다…'])));
        this.#job.follow(this.app.desk, job, () => this.isConnected && this.refresh());
      });
    }

    #export() {
      return this.attempt(async () => {
        save(await this.app.desk.client.file(`${this.#path}/export`), `${this.about.slice(0, 12)}.csv`);
      });
    }
  },
);
