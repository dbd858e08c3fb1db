/** Checking in by a venue's poster: by the camera or a pasted link, and always after a question. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { Venue } from '../../protocol/warrants.js' */

import { Decision } from '../../protocol/httpMessages.js';
import { SplitPassError } from '../../protocol/primitives/errors.js';
import { readCodes } from '../../ui/camera.js';
import { ask, tell } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { readPoster } from '../poster.js';
import { ScreenElement } from '../screen.js';
import { VenueClient } from '../venueClient.js';
import { checkIn, inside } from '../visits.js';
import { answerInWords, errorInWords, printable } from '../words.js';

customElements.define(
  'visitor-poster',
  class extends ScreenElement {
    #leaving = new AbortController();
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
      const link = element('input', { type: 'url', name: 'link', inputmode: 'url', autocomplete: 'off', placeholder: 'https://' });
      const video = element('video', { playsinline: true, muted: true, hidden: true, 'aria-label': say(['Camera', '카메라']) });
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['Scan poster', '포스터 스캔'])),
        element('p', { class: 'soft' }, say(['Point the camera at the code on the venue’s poster.', '시설 포스터의 QR 코드에 카메라를 대 주세요.'])),
        element('div', { class: 'viewfinder' }, video),
        element('button', { class: 'primary large', onclick: ({ target }) => this.#scan(video, target) }, say(['Open the camera', '카메라 열기'])),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        element('form', { class: 'card stack', onsubmit: (event) => {
          event.preventDefault();
          this.#found(link.value);
        } },
          element('label', {}, say(['Or paste the link of the poster', '또는 포스터의 링크 붙여넣기']), link),
          element('button', {}, say(['Go on', '계속'])),
        ),
        element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
      );
    }

    /** @param {HTMLVideoElement} video @param {HTMLButtonElement} button */
    async #scan(video, button) {
      [video.hidden, button.hidden] = [false, true];
      try {
        const read = new AbortController();
        /** @type {string | null} */
        let link = null;
        await readCodes(video, AbortSignal.any([read.signal, this.#leaving.signal]), (text) => {
          link = text;
          read.abort();
        });
        if (link !== null) await this.#found(link);
      } catch (error) {
        if (!(error instanceof DOMException)) throw error;
        await this.#say(['The camera could not be opened. Allow it in the browser’s settings, or paste the link.', '카메라를 열 수 없습니다. 브라우저 설정에서 허용하거나 링크를 붙여넣어 주세요.']);
      }
    }

    /** @param {string} link */
    async #found(link) {
      let venue;
      try {
        venue = readPoster(this.visitor.domain, link);
      } catch (error) {
        if (!(error instanceof SplitPassError)) throw error;
        await this.#say(['This is no poster of this log.', '이 명부의 포스터가 아닙니다.']);
        return;
      }
      if (await this.#agreed(venue)) await this.#checkIn(venue);
      else this.app.home();
    }

    /** A link alone never checks in: its user is asked, with the host and the name that both parties signed. @param {Venue} venue */
    async #agreed(venue) {
      const [name, { host }] = [printable(venue.name), new URL(venue.url)];
      const there = await inside(this.visitor, venue);
      const since = there.length > 0 ? this.visitor.localTime(there[there.length - 1].entered).slice(11) : '';
      return ask({
        title: [`Check in at ${name}?`, `${name}에 입장할까요?`],
        text: there.length > 0
          ? [`You are checked in there since ${since}; this adds one person.`, `${since}부터 이미 입장해 있습니다. 한 명이 더 등록됩니다.`]
          : ['This uses one pass. The venue sees your network address.', '패스 한 개를 씁니다. 시설은 회원님의 네트워크 주소를 봅니다.'],
        content: [element('p', { class: 'host' }, host)],
        yes: ['Check in', '입장'],
        no: ['Cancel', '취소'],
      });
    }

    /** @param {Venue} venue */
    async #checkIn(venue) {
      const client = new VenueClient();
      const name = printable(venue.name);
      /** @type {Pair} */
      let words;
      try {
        const [decision] = await checkIn(this.visitor, client, venue, 1);
        words = decision === Decision.ADMITTED ? [`Checked in at ${name}`, `${name} 입장 완료`] : answerInWords(decision);
      } catch (error) {
        words = errorInWords(error);
      } finally {
        client.close();
      }
      await tell({ title: words, text: [this.visitor.localTime(this.visitor.clock()), this.visitor.localTime(this.visitor.clock())] });
      this.app.home();
    }

    /** @param {Pair} words */
    async #say(words) {
      this.#error = words;
      if (this.isConnected) await this.draw();
    }
  },
);
