/** One matter: all of it, who has decided, and the officer's own decision, read back and signed. */

/** @import { Child } from '../../ui/dom.js' */
/** @import { OfficerSet } from '../records.js' */
/** @import { Pair } from '../../ui/language.js' */
/** @import { Matter, Payload } from '../payloads.js' */

import { bytesToHex } from '@noble/hashes/utils.js';
import { ask } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { Problem } from '../../ui/problems.js';
import { printable } from '../../ui/text.js';
import { save } from '../parts/files.js';
import { JobView } from '../parts/job.js';
import { titleOf, wholeText } from '../parts/matterText.js';
import { listOf } from '../parts/table.js';
import { votesOf } from '../parts/votes.js';
import { code } from '../parts/warrantText.js';
import { readPayload } from '../payloads.js';
import { MAX_REASON } from '../records.js';
import { ScreenElement } from '../screen.js';
import { localTime } from '../times.js';
import { KINDS, stateInWords } from '../words.js';

customElements.define(
  'desk-matter',
  class extends ScreenElement {
    heading = /** @type {Pair} */ (['Decision', '결정']);
    #matter = /** @type {Matter} */ (/** @type {any} */ (null));
    #set = /** @type {OfficerSet} */ (/** @type {any} */ (null));
    #payload = /** @type {Payload} */ (/** @type {any} */ (null));
    #job = new JobView();

    async load() {
      const { desk } = this.app;
      const [matter, { set }] = await Promise.all([this.#fetch(), desk.officers()]);
      this.#payload = readPayload(matter.kind, matter.payload);
      [this.#matter, this.#set] = [matter, set];
      this.heading = KINDS[matter.kind];
    }

    /** The matter; of one that is done and forgotten what was known. @returns {Promise<Matter>} */
    async #fetch() {
      try {
        return await this.app.desk.client.get(`/matters/${this.about}`);
      } catch (error) {
        const isGone = error instanceof Problem && error.problem === 'unknown-matter';
        if (isGone && this.#matter) return { ...this.#matter, state: 'done' };
        throw error;
      }
    }

    /** @returns {(Child | Child[])[]} */
    content() {
      const { desk } = this.app;
      const matter = this.#matter;
      const asked =
        matter.since !== null &&
        element(
          'p',
          { class: 'soft small' },
          [matter.asked_by && printable(matter.asked_by), localTime(matter.since, desk.offset)]
            .filter(Boolean)
            .join(', '),
        );
      return [
        element(
          'section',
          { class: 'card stack' },
          element('p', { class: 'big-line' }, titleOf(desk, matter)),
          element('p', { class: `state ${matter.state}` }, stateInWords(matter.state)),
          asked,
          wholeText(desk, matter, this.#payload),
        ),
        votesOf(matter, this.#set, desk.offset),
        this.#buttons(),
        this.#job.isConnected || this.#job.childElementCount > 0 ? this.#job : false,
        element(
          'button',
          { class: 'plain', onclick: () => this.#saveEvidence() },
          say(['Save the votes as evidence', '투표 증거 저장']),
        ),
      ];
    }

    #buttons() {
      const { state, mine, needed } = this.#matter;
      if (state === 'approved' || (needed === 0 && state === 'waiting')) {
        return element(
          'div',
          { class: 'buttons' },
          element('button', { class: 'primary', onclick: () => this.#carryOut() }, say(['Carry it out', '실행'])),
        );
      }
      if (state !== 'waiting') return false;
      return element(
        'div',
        { class: 'buttons' },
        mine !== 'refuse' &&
          element('button', { class: 'danger', onclick: () => this.#refuse() }, say(['Refuse', '거절'])),
        mine !== 'approve' &&
          element(
            'button',
            { class: 'primary', onclick: () => this.#decide('approve', '') },
            say(['Read back and approve', '읽고 승인']),
          ),
      );
    }

    async #refuse() {
      const given = this.#matter.votes.find(({ decision, counts }) => decision === 'refuse' && counts);
      const reason = element('textarea', { required: true, maxlength: MAX_REASON, rows: 3, name: 'reason' });
      reason.value = given?.reason ?? '';
      const goesOn = await ask({
        title: ['Why is it refused?', '거절하는 이유'],
        text:
          this.#matter.kind === 'warrant'
            ? [
                'The other party is told. Refusals count together if the reason is the same.',
                '이 이유는 상대 기관에 전달됩니다. 이유가 같은 거절만 합쳐 셉니다.',
              ]
            : ['Refusals count together if the reason is the same.', '이유가 같은 거절만 합쳐 셉니다.'],
        content: [element('label', {}, say(['Reason', '이유']), reason)],
        yes: ['Go on', '계속'],
        no: ['Cancel', '취소'],
        danger: true,
      });
      if (goesOn) await this.#decide('refuse', reason.value.replace(/\s+/gu, ' ').trim());
    }

    /** @param {'approve' | 'refuse'} decision @param {string} reason */
    #decide(decision, reason) {
      return this.attempt(async () => {
        const { desk } = this.app;
        const prepared = await desk.prepareVote(this.#matter, decision, reason, this.#set);
        if (!(await this.#readBack(prepared))) return;
        const { matter, job } = await desk.giveVote(this.#matter.id, prepared);
        this.#matter = matter;
        if (job) this.#follow(job);
        await this.app.countWaiting();
      });
    }

    /** Have the officer read what is signed, from its own bytes. @param {import('../desk.js').PreparedVote} prepared */
    #readBack({ vote }) {
      const { desk } = this.app;
      const approves = vote.reason === '';
      const payload = readPayload(this.#matter.kind, bytesToHex(vote.payload));
      const read = element('input', { type: 'checkbox', required: true, name: 'read' });
      return ask({
        title: approves ? ['Read this to the end', '끝까지 읽어 주세요'] : ['Refuse this?', '거절할까요?'],
        content: [
          element(
            'div',
            {
              class: 'read-back stack',
              tabindex: 0,
              role: 'group',
              'aria-label': say(['What you sign', '서명할 내용']),
            },
            ...wholeText(desk, this.#matter, payload, { read: true }),
            !approves && element('p', {}, say(['Reason: ', '이유: ']), printable(vote.reason)),
            listOf([
              [['Decision', '결정'], approves ? say(['approve', '승인']) : say(['refuse', '거절'])],
              [['Officers', '담당자 명단'], say([`version ${vote.version}`, `${vote.version}판`])],
              vote.replaced.length > 0 && [['Instead of', '바뀌는 것'], code(bytesToHex(vote.replaced.slice(0, 10)))],
              [['Sign before', '서명 기한'], localTime(vote.expires, desk.offset)],
              [['Number of this request', '요청 번호'], code(bytesToHex(vote.nonce.slice(0, 10)))],
            ]),
          ),
          element(
            'label',
            { class: 'check' },
            read,
            say(['I have read all of it, and it is what I mean', '모두 읽었고, 제 뜻과 같습니다']),
          ),
        ],
        yes: approves ? ['Sign with my passkey', '패스키로 서명'] : ['Refuse with my passkey', '패스키로 거절'],
        no: ['Cancel', '취소'],
        danger: !approves,
      });
    }

    #carryOut() {
      return this.attempt(async () => {
        const { job } = await this.app.desk.client.post(`/matters/${this.#matter.id}/carry-out`);
        if (job) this.#follow(job);
      });
    }

    /** @param {string} job */
    #follow(job) {
      this.#job = new JobView();
      this.#job.className = 'card';
      this.#job.append(say(['Begun …', '시작했습니다…']));
      this.#job.follow(this.app.desk, job, () => this.isConnected && this.refresh());
    }

    #saveEvidence() {
      return this.attempt(async () => {
        const evidence = await this.app.desk.client.get(`/matters/${this.#matter.id}/evidence`);
        const content = new Blob([JSON.stringify(evidence, null, 1)], { type: 'application/json' });
        save(content, `votes-${this.#matter.id.slice(0, 12)}.json`);
      });
    }
  },
);
