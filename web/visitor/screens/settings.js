/** Who is registered, for how long, the lock, and erasing everything. */

/** @import { Pair } from '../../ui/language.js' */

import { EPOCH_SECONDS } from '../../protocol/epochs.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { mayBeEvicted } from '../../ui/surroundings.js';
import { VERIFICATION_DAYS } from '../enrolment.js';
import { ScreenElement } from '../screen.js';
import { errorInWords } from '../words.js';
import { eraseSection } from './erasing.js';

customElements.define(
  'visitor-settings',
  class extends ScreenElement {
    /** @type {Pair | null} */
    #error = null;

    async refresh() {
      // somebody may be typing
    }

    async draw() {
      this.className = 'stack';
      const { account } = await this.visitor.wallet();
      const ends =
        account && this.visitor.localTime(account.verifiedAt + VERIFICATION_DAYS * EPOCH_SECONDS).slice(0, 10);
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['My registration', '등록 정보'])),
        account &&
          element(
            'section',
            { class: 'card stack' },
            element('p', { class: 'big-line' }, account.name),
            element('p', {}, account.phone),
            element(
              'p',
              { class: 'soft' },
              say([
                `Verified until ${ends}; then you type a new code.`,
                `${ends}까지 유효합니다. 그 뒤에는 인증 번호를 다시 입력합니다.`,
              ]),
            ),
            element('button', { onclick: () => this.app.go('visitor-enrol') }, say(['Verify again', '다시 확인하기'])),
          ),
        (await mayBeEvicted()) &&
          element(
            'p',
            { class: 'note' },
            say([
              'This browser may delete your passes when it needs space. Adding the page to the home screen helps.',
              '저장 공간이 부족하면 브라우저가 패스를 지울 수 있습니다. 홈 화면에 추가하면 줄일 수 있습니다.',
            ]),
          ),
        this.#lockSection(await this.visitor.store.hasLock()),
        eraseSection(this.app),
        element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
      );
    }

    /** A passphrase before the wallet. @param {boolean} hasLock */
    #lockSection(hasLock) {
      const passphrase = element('input', { type: 'password', name: 'passphrase', autocomplete: 'new-password' });
      return element(
        'form',
        {
          class: 'card stack',
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            this.#lock(hasLock ? null : passphrase.value);
          },
        },
        element('h2', {}, say(['Passphrase', '암호'])),
        element(
          'p',
          { class: 'soft' },
          say([
            'It is asked for whenever the page is opened. Until then nothing is fetched either.',
            '페이지를 열 때마다 물어봅니다. 그때까지는 패스와 알림도 받지 않습니다.',
          ]),
        ),
        !hasLock && element('label', {}, say(['New passphrase', '새 암호']), passphrase),
        element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
        element('button', {}, say(hasLock ? ['Ask no more', '암호 없애기'] : ['Lock with it', '잠그기'])),
      );
    }

    /** @param {string | null} passphrase */
    async #lock(passphrase) {
      try {
        await this.visitor.store.changeLock(passphrase);
        this.app.beginAnew();
      } catch (error) {
        this.#error = errorInWords(error);
        await this.redraw();
      }
    }
  },
);
