/** A page that is no door yet, or no longer one: how to pair it. */

/** @import { Pair } from '../../ui/language.js' */

import { element, fill } from '../../ui/dom.js';
import { ask } from '../../ui/dialog.js';
import { say } from '../../ui/language.js';
import { WordedError } from '../../ui/problems.js';
import { secretIn } from '../pairing.js';
import { ScreenElement } from '../screen.js';
import { errorInWords } from '../words.js';

customElements.define(
  'door-unpaired',
  class extends ScreenElement {
    #pairing = false;
    #link = '';
    /** @type {Pair | null} */
    #error = null;

    connectedCallback() {
      super.connectedCallback();
      if (this.app.secret && !this.app.door) this.#pair();
    }

    draw() {
      this.className = 'page stack';
      if (this.#pairing) {
        fill(
          this,
          element('h1', { tabindex: -1 }, say(['Pairing…', '연결하는 중…'])),
          element('progress', { 'aria-label': say(['Pairing', '연결하는 중']) }),
        );
      } else if (this.app.door && !this.app.door.deliveries.isRevoked) this.#drawChoice(this.app.door);
      else this.#drawHelp();
    }

    #drawHelp() {
      const { door } = this.app;
      fill(
        this,
        element(
          'h1',
          { tabindex: -1 },
          say(
            door
              ? ['This door is no longer paired', '연결이 해지된 출입문입니다']
              : ['Pair this device with your venue', '이 기기를 시설에 연결하세요'],
          ),
        ),
        this.#trouble(),
        this.app.secret &&
          element('button', { class: 'primary', onclick: () => this.#pair() }, say(['Try again', '다시 시도'])),
        door && this.#left(),
        element(
          'ol',
          { class: 'steps card' },
          [
            ['On the venue’s server, run:', '시설 서버에서 다음 명령을 실행하세요.'],
            [
              'Scan the QR code that it shows with this device’s camera, or open the link here, once and within 15 minutes.',
              '나타난 QR 코드를 이 기기의 카메라로 찍거나 링크를 여기서 여세요. 15분 안에 한 번만 쓸 수 있습니다.',
            ],
            ['Allow the camera. That is all.', '카메라 사용을 허용하면 끝입니다.'],
          ].map((step, place) =>
            element(
              'li',
              {},
              say(/** @type {[string, string]} */ (step)),
              place === 0 && element('code', {}, 'python -m venue readers add "front door"'),
            ),
          ),
        ),
        this.#linkForm(),
        door &&
          element(
            'button',
            { class: 'danger', onclick: () => this.#forget() },
            say(['Forget this door', '이 출입문 지우기']),
          ),
      );
    }

    /** @param {NonNullable<typeof this.app.door>} door */
    #drawChoice(door) {
      const { view } = door.keys;
      const now = view ? `${view.name} · ${view.door}` : '';
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['Pair anew?', '새로 연결할까요?'])),
        element(
          'p',
          {},
          say([
            `This device is a door already: ${now}. A new pairing takes its place.`,
            `이미 연결된 출입문입니다: ${now}. 새로 연결하면 지금의 연결이 지워집니다.`,
          ]),
        ),
        this.#trouble(),
        this.#left(),
        this.app.secret &&
          element('button', { class: 'primary large', onclick: () => this.#pair() }, say(['Pair anew', '새로 연결'])),
        element(
          'button',
          { class: 'large', onclick: () => this.app.dismiss() },
          say(['Keep it as it is', '그대로 쓰기']),
        ),
      );
    }

    #trouble() {
      return element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : '');
    }

    /** What a new pairing would lose. */
    #left() {
      const count = this.app.door?.deliveries.count ?? 0;
      return (
        count > 0 &&
        element(
          'p',
          { class: 'note' },
          say([
            `Check-ins not delivered: ${count}. All are lost if you pair anew or forget this door.`,
            `전달하지 못한 기록 ${count}건이 이 기기에만 있습니다. 새로 연결하거나 지우면 사라집니다.`,
          ]),
        )
      );
    }

    #linkForm() {
      const link = element('input', {
        type: 'url',
        name: 'link',
        inputmode: 'url',
        autocomplete: 'off',
        placeholder: 'https://…/door/#…',
        value: this.#link,
        oninput: () => (this.#link = link.value),
      });
      return element(
        'form',
        {
          class: 'card stack',
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            this.#take(this.#link.trim());
          },
        },
        element('label', {}, say(['Link for pairing', '연결 링크']), link),
        element('button', { class: 'primary' }, say(['Pair', '연결'])),
      );
    }

    /** @param {string} link */
    #take(link) {
      const address = addressOf(link);
      const secret = address && secretIn(address.hash);
      if (!secret || address?.origin !== location.origin) {
        this.#error = [
          `This is no link for pairing with ${location.host}.`,
          `${location.host}의 연결 링크가 아닙니다.`,
        ];
        this.draw();
        return;
      }
      this.app.secret = secret;
      this.#pair();
    }

    async #pair() {
      this.#pairing = true;
      this.#error = null;
      this.draw();
      try {
        await this.app.pair();
      } catch (error) {
        this.#pairing = false;
        if (error instanceof WordedError) this.app.secret = null; // this link is of no use any more
        this.#error = errorInWords(error);
        this.draw();
      }
    }

    async #forget() {
      const agreed = await ask({
        title: ['Forget this door?', '이 출입문을 지울까요?'],
        text: ['Everything of it is deleted from this device.', '이 기기에서 모두 지워집니다.'],
        yes: ['Forget', '지우기'],
        no: ['Cancel', '취소'],
        danger: true,
      });
      if (agreed) await this.app.unpair();
    }
  },
);

/** @param {string} link */
function addressOf(link) {
  try {
    return new URL(link);
  } catch {
    return null;
  }
}
