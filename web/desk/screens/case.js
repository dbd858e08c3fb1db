/** One case: its windows, how far each has come, what is next, and what was found. */

/** @import { Child } from '../../ui/dom.js' */
/** @import { Pair } from '../../ui/language.js' */
/** @import { Entry } from '../parts/journal.js' */
/** @import { Column } from '../parts/table.js' */
/** @import { ListedVenue } from '../parts/windowForm.js' */
/** @import { ListedWarrant } from './warrant.js' */
/** @import { Case } from './cases.js' */

import { ask } from '../../ui/dialog.js';
import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { Contacts } from '../parts/contacts.js';
import { checkBox } from '../parts/fields.js';
import { save } from '../parts/files.js';
import { journalOf } from '../parts/journal.js';
import { draw, limitsForm } from '../parts/limitsForm.js';
import { KeptSummary } from '../parts/outcome.js';
import { tableOf } from '../parts/table.js';
import { WindowForm } from '../parts/windowForm.js';
import { ScreenElement } from '../screen.js';
import { counted, localTime, several, windowTime } from '../times.js';
import { decisionLink, stateInWords, told } from '../words.js';
import { JobView } from '../parts/job.js';

/**
 * A window of a case at a venue, in one domain. `here`: whether it is this desk's domain. The last warrant is the one
 * to work with. `why`: why none can be drawn.
 * @typedef {object} Part
 * @property {string} venue
 * @property {string} venue_name
 * @property {number} begins
 * @property {number} ends
 * @property {number} domain
 * @property {boolean} here
 * @property {string} state
 * @property {string | null} reason
 * @property {string | null} why
 * @property {string[]} odd
 * @property {ListedWarrant[]} warrants
 */

/** How far the parts of a case come, in this order. @type {[string, Pair][]} */
const STEPS = [
  ['not drawn', ['Windows', '시간대']],
  ['drawn', ['Our officers', '우리 기관']],
  ['proposed', ['Other party', '상대 기관']],
  ['countersigned', ['Venue', '시설']],
  ['released', ['To open', '열람 전']],
  ['opened', ['Opened', '열람됨']],
];

/**
 * What can be done next, with the words for so many windows.
 * @type {[step: 'look' | 'release' | 'open', words: (count: number) => Pair][]}
 */
const NEXT = [
  ['open', (count) => [`Open (${count})`, `열기(${count}건)`]],
  ['release', (count) => [`Ask the venues (${count})`, `시설에 요청(${count}건)`]],
  ['look', (count) => [`Ask the other party (${count})`, `상대 기관에 확인(${count}건)`]],
];

customElements.define(
  'desk-case',
  class extends ScreenElement {
    heading = /** @type {Pair} */ (['Case', '사건']);
    #case = /** @type {Case & { parts: Part[], next: Record<string, number>, journal: Entry[] }} */ (
      /** @type {any} */ (null)
    );
    /** @type {ListedVenue[]} */
    #venues = [];
    #summary = new KeptSummary();
    #contacts = new Contacts();
    #job = new JobView();

    get #path() {
      return `/cases/${encodeURIComponent(this.about)}`;
    }

    /** How many passes were opened by now, under all warrants of the case. */
    get #opened() {
      const all = this.#case.parts.flatMap(({ warrants }) => warrants);
      return all.reduce((total, { opened }) => total + opened, 0);
    }

    get isInUse() {
      return super.isInUse || this.#contacts.isShown || this.querySelector('.adding')?.hasAttribute('open') === true;
    }

    async load() {
      const { desk } = this.app;
      const [found, { venues }] = await Promise.all([desk.client.get(this.#path), desk.client.get('/venues')]);
      [this.#case, this.#venues] = [found, venues];
      await this.#summary.look(desk, this.#path, this.#opened);
      this.heading = [printable(found.name), printable(found.name)];
      this.#contacts.of(desk, `${this.#path}/contacts`);
    }

    async tick() {
      if (this.#case?.next.look > 0) await this.app.desk.client.post(`${this.#path}/look`).catch(() => {});
      await this.refresh();
    }

    /** @returns {(Child | Child[])[]} */
    content() {
      const { desk } = this.app;
      const { legal_reference: reference, started, closed, parts, journal } = this.#case;
      const isOpened = this.#opened > 0;
      const times = [
        say([`started ${localTime(started, desk.offset)}`, `시작 ${localTime(started, desk.offset)}`]),
        closed !== null && say([`closed ${localTime(closed, desk.offset)}`, `종결 ${localTime(closed, desk.offset)}`]),
      ];
      return [
        element('p', { class: 'soft' }, [printable(reference), ...times].filter(Boolean).join(' · ')),
        parts.length > 0 && this.#steps(),
        closed === null && this.#next(),
        this.#job.childElementCount > 0 && this.#job,
        this.#table(),
        closed === null && this.#adding(),
        this.#summary.show(desk),
        isOpened && this.#contacts,
        this.#end(isOpened),
        journalOf(journal, desk.offset),
      ];
    }

    #steps() {
      const counts = new Map(STEPS.map(([state]) => [state, 0]));
      const others = new Map();
      for (const { state } of this.#case.parts) {
        const known = state === 'shared' ? 'released' : state;
        const group = counts.has(known) ? counts : others;
        group.set(known, (group.get(known) ?? 0) + 1);
      }
      const current = STEPS.find(([state]) => (counts.get(state) ?? 0) > 0)?.[0];
      return element(
        'div',
        { class: 'stack' },
        element(
          'ol',
          { class: 'steps', 'aria-label': say(['How far the windows are', '시간대별 진행']) },
          STEPS.map(([state, words]) =>
            element(
              'li',
              { 'aria-current': state === current ? 'step' : null, class: counts.get(state) ? 'has' : null },
              element('span', { class: 'number' }, counted(counts.get(state) ?? 0)),
              element('span', {}, say(words)),
            ),
          ),
        ),
        others.size > 0 &&
          element(
            'p',
            { class: 'note' },
            [...others].map(([state, count]) => `${stateInWords(state)}: ${count}`).join(', '),
          ),
      );
    }

    #next() {
      const { next, parts } = this.#case;
      const own = parts.filter(({ state }) => state === 'drawn');
      const [waiting] = own.flatMap(({ warrants }) => warrants.at(-1)?.matter ?? []);
      /** @type {Record<string, number>} */
      const counts = { ...next, release: parts.filter(({ state }) => state === 'countersigned').length };
      /** @type {(readonly [boolean, Pair, () => void])[]} */
      const steps = [
        [
          next.draw > 0,
          [`Draw ${several(next.draw, 'warrant')}`, `승인서 ${next.draw}건 작성`],
          () => this.#draw(false),
        ],
        [waiting !== undefined, ['Read and approve', '읽고 승인'], () => this.app.go('desk-matter', waiting)],
        ...NEXT.map(
          ([step, words]) => /** @type {const} */ ([counts[step] > 0, words(counts[step]), () => void this.#run(step)]),
        ),
      ];
      const ready = steps.filter(([isReady]) => isReady);
      return element(
        'section',
        { class: 'card stack' },
        element('h2', {}, say(['Next', '다음 단계'])),
        parts.length === 0 &&
          element('p', {}, say(['Add the venues and windows that it is about.', '대상 시설과 시간대를 추가하세요.'])),
        next.look > 0 &&
          element(
            'p',
            { class: 'waiting', role: 'status' },
            say(['Waiting for the other party', '상대 기관 확인 대기']),
            element('span', { class: 'soft small' }, say([' · asked every 15 s', ' · 15초마다 확인'])),
          ),
        own.length > 0 &&
          element(
            'p',
            {},
            say([
              'Officers read each warrant back and approve it. Then it goes to the other party by itself.',
              '담당자가 승인서를 읽고 승인하면 상대 기관에 자동으로 전달됩니다.',
            ]),
          ),
        ready.length > 0 &&
          element(
            'div',
            { class: 'buttons' },
            ready.map(([, words, work], place) =>
              element('button', { class: place === 0 ? 'primary' : null, onclick: work }, say(words)),
            ),
          ),
        ready.length === 0 &&
          parts.length > 0 &&
          element('p', {}, say(['Nothing is to be done.', '할 일이 없습니다.'])),
      );
    }

    #table() {
      const { desk } = this.app;
      const isOne = new Set(this.#case.parts.map(({ domain }) => domain)).size < 2;
      /** @type {Column<Part>} */
      const domainColumn = [['Domain', '도메인'], ({ domain }) => String(domain)];
      return tableOf(
        ['Windows', '시간대'],
        [
          [['Venue', '시설'], ({ venue_name: name }) => printable(name)],
          [['Window', '시간대'], ({ begins, ends }) => windowTime(begins, ends, desk.offset)],
          ...(isOne ? [] : [domainColumn]),
          [
            ['State', '상태'],
            ({ state, reason, why, odd }) => [
              element('span', { class: `state ${state}` }, stateInWords(state)),
              reason && element('p', { class: 'small' }, printable(reason)),
              why && element('span', { class: 'note small' }, told(why)),
              ...(state === 'not drawn' ? odd : []).map((text) => element('span', { class: 'note small' }, told(text))),
            ],
          ],
          [
            ['Opened', '열람'],
            ({ warrants }) => {
              const last = warrants.at(-1);
              return last
                ? say([`${last.opened} of ${last.max_records}`, `${last.max_records}건 중 ${last.opened}건`])
                : '–';
            },
          ],
          [['Action', '할 일'], (part) => this.#actions(part)],
        ],
        this.#case.parts,
        ['No windows yet.', '아직 시간대가 없습니다.'],
      );
    }

    /** @param {Part} part */
    #actions({ venue, begins, ends, here, warrants }) {
      const last = warrants.at(-1);
      const { app } = this;
      return element(
        'span',
        { class: 'actions' },
        last?.matter && here && app.link(decisionLink(last.state), 'desk-matter', last.matter),
        last && here && app.link(say(['Warrant', '승인서']), 'desk-warrant', last.warrant),
        !last &&
          this.#case.closed === null &&
          element(
            'button',
            { class: 'link', onclick: () => this.#change('windows/remove', { venue, begins, ends }) },
            say(['Remove', '빼기']),
          ),
      );
    }

    #adding() {
      const form = new WindowForm(this.app.desk, this.#venues, this.#case.parts);
      if (!form.hasVenues) {
        return element('p', { class: 'card soft' }, say(['No venue is approved yet.', '승인된 시설이 아직 없습니다.']));
      }
      const chain = checkBox('chain', ['And every other venue on its server', '같은 서버의 다른 시설도 모두']);
      return element(
        'details',
        {
          class: 'card adding',
          open: this.#case.parts.length === 0,
          ontoggle: ({ target }) => target.open && form.show(),
        },
        element('summary', {}, element('h2', {}, say(['Add a window', '시간대 추가']))),
        element(
          'form',
          {
            class: 'stack',
            onsubmit: (event) => {
              event.preventDefault();
              const { venue, begins, ends } = form.chosen;
              this.#change('windows', {
                venues: [venue],
                chain: chain.input.checked ? [venue] : [],
                windows: [{ begins, ends }],
              });
            },
          },
          form.element,
          chain.label,
          element('div', { class: 'buttons' }, element('button', { class: 'primary' }, say(['Add', '추가']))),
        ),
      );
    }

    /** @param {boolean} isOpened */
    #end(isOpened) {
      const { closed, parts } = this.#case;
      const stands = parts.some(({ state }) => ['drawn', 'proposed', 'countersigned', 'released'].includes(state));
      const again = parts.some(({ state }) => ['refused', 'withdrawn', 'expired', 'opened'].includes(state));
      return element(
        'div',
        { class: 'buttons' },
        isOpened &&
          element('button', { onclick: () => this.#export() }, say(['Export lists and chart', '명단과 도표 내보내기'])),
        closed === null &&
          again &&
          element('button', { onclick: () => this.#draw(true) }, say(['Draw again', '다시 작성'])),
        closed === null &&
          stands &&
          element(
            'button',
            { onclick: () => this.#withdraw() },
            say(['Withdraw what is not opened', '열지 않은 승인서 철회']),
          ),
        closed === null && element('button', { onclick: () => this.#close() }, say(['Close the case', '사건 종결'])),
      );
    }

    /** @param {string} step @param {object} body */
    #change(step, body) {
      return this.attempt(() => this.app.desk.client.post(`${this.#path}/${step}`, body));
    }

    /** @param {string} step */
    #run(step) {
      return this.attempt(async () => {
        const { job } = await this.app.desk.client.post(`${this.#path}/${step}`);
        if (!job) return;
        this.#job = new JobView();
        this.#job.append(element('p', {}, say(['Begun …', '시작했습니다…'])));
        this.#job.follow(this.app.desk, job, () => this.isConnected && this.refresh());
      });
    }

    /** @param {boolean} again */
    async #draw(again) {
      const form = limitsForm();
      const goesOn = await ask({
        title: ['Draw warrants', '승인서 작성'],
        text: [
          'Each window gets a warrant of its own. Nothing is sent before officers approve it.',
          '시간대마다 승인서를 하나씩 작성합니다. 담당자가 승인하기 전에는 아무것도 보내지 않습니다.',
        ],
        content: [form.element],
        yes: ['Draw', '작성'],
        no: ['Cancel', '취소'],
      });
      if (!goesOn) return;
      await this.attempt(async () => {
        await draw(this.app.desk, `${this.#path}/draw`, { limits: form.limits(), again });
        await this.app.countWaiting();
      });
    }

    async #withdraw() {
      const agreed = await ask({
        title: ['Withdraw the warrants?', '승인서를 철회할까요?'],
        text: [
          'Those under which nothing was opened are taken back for good. They stay on record.',
          '아직 열지 않은 승인서를 완전히 철회합니다. 기록에는 남습니다.',
        ],
        yes: ['Withdraw', '철회'],
        no: ['Cancel', '취소'],
        danger: true,
      });
      if (agreed) await this.#run('withdraw');
    }

    async #close() {
      const agreed = await ask({
        title: ['Close the case?', '사건을 종결할까요?'],
        text: ['Nothing is deleted before its time is over.', '보존 기간이 끝나기 전에는 아무것도 지우지 않습니다.'],
        yes: ['Close', '종결'],
        no: ['Cancel', '취소'],
      });
      if (agreed) await this.#change('close', {});
    }

    #export() {
      return this.attempt(async () => {
        save(await this.app.desk.client.file(`${this.#path}/export`), `${this.about}.zip`);
      });
    }
  },
);
