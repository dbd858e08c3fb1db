/** Making a passkey, with the one-time secret of a link that the command line printed. */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { code } from '../parts/warrantText.js';
import { ScreenElement } from '../screen.js';

customElements.define(
  'desk-enrol',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Make your passkey', '패스키 만들기']);
    #name = '';
    #fingerprint = '';

    async load() {
      if (this.#fingerprint) return;
      const { name } = await this.app.desk.client.post('/enrolment/options', { secret: this.about });
      this.#name = name;
    }

    content() {
      return [this.#fingerprint ? this.#made() : this.#question()];
    }

    #question() {
      return element(
        'section',
        { class: 'card stack' },
        element('p', { class: 'big-line' }, printable(this.#name)),
        element(
          'p',
          {},
          say([
            'This device, or a security key, makes a passkey for this desk. It stays there and signs what you ' +
              'decide. The link works once.',
            '이 기기나 보안 키에 이 업무용 패스키를 만듭니다. 패스키는 기기를 떠나지 않으며, 결정할 때 서명에 쓰입니다. 링크는 한 번만 쓸 수 있습니다.',
          ]),
        ),
        element(
          'button',
          { class: 'primary large', onclick: () => this.#enrol() },
          say(['Make a passkey', '패스키 만들기']),
        ),
      );
    }

    #made() {
      return element(
        'section',
        { class: 'card stack' },
        element('p', { class: 'big-line', role: 'status' }, say(['The passkey is made', '패스키를 만들었습니다'])),
        element(
          'p',
          {},
          say([
            'Read these digits out to whoever keeps the list of officers, who compares them:',
            '담당자 명단을 관리하는 사람에게 아래 숫자를 읽어 주고 비교하세요.',
          ]),
        ),
        element('p', { class: 'fingerprint' }, code(this.#fingerprint)),
        element(
          'p',
          { class: 'soft' },
          say([
            'It counts once the set of officers names it. Then you can sign in.',
            '담당자 명단에 올라가면 로그인할 수 있습니다.',
          ]),
        ),
        element(
          'button',
          { class: 'primary', onclick: () => location.reload() },
          say(['Go to sign-in', '로그인 화면으로']),
        ),
      );
    }

    #enrol() {
      return this.attempt(async () => {
        const { fingerprint } = await this.app.desk.enrol(this.about);
        this.#fingerprint = fingerprint;
      });
    }
  },
);
