/** Checking in by a venue's poster: by the camera or a pasted link, and always after a question. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Venue } from '../../protocol/warrants.js' */
/** @import { Visit } from '../walletContents.js' */

import { Decision } from '../../protocol/httpMessages.js';
import { SplitPassError } from '../../protocol/primitives/errors.js';
import { readCodes } from '../../ui/camera.js';
import { ask, tell } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { Unreachable } from '../../ui/problems.js';
import { printable } from '../../ui/text.js';
import { fetchPoster } from '../poster.js';
import { ScreenElement } from '../screen.js';
import { VenueClient } from '../venueClient.js';
import { checkIn, inside, unanswered } from '../visits.js';
import { dayOf } from '../wallet.js';
import { answerInWords, errorInWords } from '../words.js';
import { peopleCounter } from './people.js';

customElements.define(
  'visitor-poster',
  class extends ScreenElement {
    #leaving = new AbortController();
    #link = '';
    #isScanning = false;
    #busy = false;
    #video = element('video', { playsinline: true, muted: true });
    /** @type {Pair | null} */
    #error = null;

    async refresh() {
      // the camera is on, or somebody is typing
    }

    disconnectedCallback() {
      this.#leaving.abort();
    }

    async draw() {
      this.className = 'stack';
      const link = element('input', {
        type: 'url',
        name: 'link',
        inputmode: 'url',
        autocomplete: 'off',
        placeholder: 'https://',
        value: this.#link,
        oninput: () => (this.#link = link.value),
      });
      this.#video.hidden = !this.#isScanning;
      this.#video.setAttribute('aria-label', say(['Camera', '카메라']));
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['Scan poster', '포스터 스캔'])),
        element(
          'p',
          { class: 'soft' },
          say(['Point the camera at the code on the venue’s poster.', '시설 포스터의 QR 코드에 카메라를 대 주세요.']),
        ),
        element('div', { class: 'viewfinder' }, this.#video),
        element(
          'button',
          { class: 'primary large', hidden: this.#isScanning, onclick: () => this.#scan() },
          say(['Open the camera', '카메라 열기']),
        ),
        this.#busy && element('p', { role: 'status' }, say(['Asking the venue…', '시설에 확인하는 중…'])),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        element(
          'form',
          {
            class: 'card stack',
            onsubmit: (event) => {
              event.preventDefault();
              this.#found(this.#link);
            },
          },
          element('label', {}, say(['Or paste the link of the poster', '또는 포스터의 링크 붙여넣기']), link),
          element('button', { disabled: this.#busy }, say(['Go on', '계속'])),
        ),
        element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
      );
    }

    async #scan() {
      this.#isScanning = true;
      await this.redraw();
      try {
        const read = new AbortController();
        this.#leaving.signal.addEventListener('abort', () => read.abort());
        /** @type {string | null} */
        let link = null;
        await readCodes(this.#video, read.signal, (text) => {
          link = text;
          read.abort();
        });
        this.#isScanning = false;
        if (link !== null) await this.#found(link);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        this.#isScanning = false;
        await this.#say([
          'The camera could not be opened. Allow it in the browser’s settings, or paste the link.',
          '카메라를 열 수 없습니다. 브라우저 설정에서 허용하거나 링크를 붙여넣어 주세요.',
        ]);
      }
    }

    /** Ask about one link at a time: a second tap would be a second check-in. @param {string} link */
    async #found(link) {
      if (this.#busy) return;
      [this.#busy, this.#error] = [true, null];
      await this.redraw();
      const client = new VenueClient();
      let venue;
      try {
        venue = await fetchPoster(client, this.visitor.domain, link.trim());
      } catch (error) {
        this.#busy = false;
        await this.#say(
          error instanceof SplitPassError
            ? ['This is no poster of this log.', '이 명부의 포스터가 아닙니다.']
            : errorInWords(error),
        );
        return;
      } finally {
        client.close();
      }
      if (!this.isConnected) return; // somebody went back
      const people = await this.#agreed(venue);
      if (people > 0) await this.#checkIn(venue, people);
      else this.app.home();
    }

    /**
     * A link alone never checks in: its user is asked, with the host and the name that both parties signed.
     * @param {Venue} venue @returns {Promise<number>} how many people come in, 0 for none
     */
    async #agreed(venue) {
      const [name, { host }] = [printable(venue.name), new URL(venue.url)];
      const left = dayOf(await this.visitor.wallet(), this.visitor.today)?.passes.length ?? 0;
      let people = 1;
      const counter = peopleCounter(left, people, (count) => {
        people = count;
      });
      const agreed = await ask({
        title: [`Check in at ${name}?`, `${name}에 입장할까요?`],
        text: await this.#known(venue),
        content: [element('p', { class: 'host' }, host), counter],
        yes: ['Check in', '입장'],
        no: ['Cancel', '취소'],
      });
      return agreed ? people : 0;
    }

    /** What to know before: whether they are in, or may be. @param {Venue} venue @returns {Promise<Pair>} */
    async #known(venue) {
      const since = (/** @type {Visit[]} */ visits) =>
        this.visitor.localTime(visits[visits.length - 1].entered).slice(11);
      const lost = await unanswered(this.visitor, venue);
      if (lost.length > 0) {
        return [
          `You may be checked in there since ${since(lost)}: no answer came. Ask the staff before you check in again.`,
          `${since(lost)}에 응답이 없었지만 이미 입장 처리되었을 수 있습니다. 다시 등록하기 전에 직원에게 확인해 주세요.`,
        ];
      }
      const there = await inside(this.visitor, venue);
      if (there.length > 0) {
        return [
          `You are checked in there since ${since(there)}, ${there.length} in all. This adds more.`,
          `${since(there)}부터 이미 ${there.length}명이 입장해 있습니다. 이번 인원이 추가로 등록됩니다.`,
        ];
      }
      return [
        'Each person uses one pass. The venue sees your network address.',
        '한 명마다 패스 한 개를 씁니다. 시설은 회원님의 네트워크 주소를 봅니다.',
      ];
    }

    /** @param {Venue} venue @param {number} people */
    async #checkIn(venue, people) {
      const client = new VenueClient();
      /** @type {Pair} */
      let words;
      /** @type {Pair} */
      let text;
      try {
        const decisions = await checkIn(this.visitor, client, venue, people);
        const admitted = decisions.filter((decision) => decision === Decision.ADMITTED).length;
        text = this.#summary(printable(venue.name), admitted, people);
        words = answerInWords(decisions.find((decision) => decision !== Decision.ADMITTED) ?? Decision.ADMITTED);
      } catch (error) {
        const isLost = error instanceof Unreachable;
        words = isLost ? answerInWords(null) : errorInWords(error);
        text = isLost ? lostInWords(people) : this.#summary(printable(venue.name), 0, people);
      } finally {
        client.close();
      }
      await tell({ title: words, text });
      this.app.home();
    }

    /** @param {string} name @param {number} admitted @param {number} people @returns {Pair} */
    #summary(name, admitted, people) {
      const now = this.visitor.localTime(this.visitor.clock());
      if (people === 1) return [`${name}, ${now}`, `${name}, ${now}`];
      if (admitted === people) return [`${name}, ${now}, ${people} people`, `${name}, ${now}, ${people}명`];
      return [
        `${name}: ${admitted} of ${people}. Do not repeat it for all; “My visits” shows who is in.`,
        `${name}: ${people}명 중 ${admitted}명. 나머지만 다시 등록해 주세요. ‘내 방문 기록’에서 볼 수 있습니다.`,
      ];
    }

    /** @param {Pair} words */
    async #say(words) {
      this.#error = words;
      if (this.isConnected) await this.redraw();
    }
  },
);

/** What is told when no answer came: the door may have admitted them. @param {number} people @returns {Pair} */
const lostInWords = (people) =>
  people === 1
    ? [
        'You may be checked in, and the pass is used. Ask the staff before you check in again.',
        '이미 입장 처리되었을 수 있고 패스 한 개를 썼습니다. 다시 등록하기 전에 직원에게 확인해 주세요.',
      ]
    : [
        `You may be checked in, and ${people} passes are used. Ask the staff before you check in again.`,
        `이미 입장 처리되었을 수 있고 패스 ${people}개를 썼습니다. 다시 등록하기 전에 직원에게 확인해 주세요.`,
      ];
