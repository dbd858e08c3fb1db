/** Signing in with a passkey. */

import { element } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { ScreenElement } from '../screen.js';

customElements.define(
  'desk-sign-in',
  class extends ScreenElement {
    heading = /** @type {const} */ (['Sign in', '로그인']);

    async load() {
      await this.app.desk.lookForOfficers();
    }

    content() {
      const { desk } = this.app;
      const role = desk.isAuthority ? 'authority' : 'operator';
      if (!desk.hasOfficers) {
        return [
          element(
            'section',
            { class: 'card stack' },
            element('p', { class: 'big-line' }, say(['Nobody is an officer yet', '아직 담당자가 없습니다'])),
            element(
              'p',
              {},
              say([
                'The first officers are named on the command line, where each gets a link for a passkey:',
                '첫 담당자는 명령으로 정합니다. 명령이 담당자마다 패스키 등록 링크를 만들어 줍니다.',
              ]),
            ),
            element(
              'pre',
              {},
              element(
                'code',
                {},
                `python -m escrow ${role} officers add NAME\npython -m escrow ${role} officers establish SHARE SHARE`,
              ),
            ),
          ),
        ];
      }
      return [
        element(
          'section',
          { class: 'card stack' },
          element(
            'p',
            {},
            say([
              'Your passkey shows who you are, and later signs what you decide. The session ends when this page is ' +
                'closed or left for 15 minutes.',
              '패스키로 본인을 확인하고, 결정할 때 서명합니다. 화면을 닫거나 15분 동안 쓰지 않으면 로그아웃됩니다.',
            ]),
          ),
          element(
            'button',
            { class: 'primary large', onclick: () => this.#signIn() },
            say(['Sign in with a passkey', '패스키로 로그인']),
          ),
        ),
      ];
    }

    async #signIn() {
      await this.attempt(() => this.app.desk.signIn());
      if (this.app.desk.officer) await this.app.signedIn();
    }
  },
);
