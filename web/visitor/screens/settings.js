/** Who is registered, for how long, and erasing everything. */

import { EPOCH_SECONDS } from '../../protocol/epochs.js';
import { ask } from '../../ui/dialog.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { VERIFICATION_DAYS } from '../enrolment.js';
import { ScreenElement } from '../screen.js';
import { mayBeEvicted } from '../surroundings.js';

customElements.define(
  'visitor-settings',
  class extends ScreenElement {
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
              'This browser may delete your passes by itself when it needs space. Adding the page to the home screen helps.',
              '저장 공간이 부족하면 브라우저가 패스를 지울 수 있습니다. 홈 화면에 추가하면 줄일 수 있습니다.',
            ]),
          ),
        element(
          'section',
          { class: 'card stack' },
          element('h2', {}, say(['Erase everything', '모두 지우기'])),
          element(
            'p',
            { class: 'soft' },
            say([
              'Passes, visits and what was found go from this device. The operator keeps your number as its own rules say. You will not learn of notices about past visits.',
              '이 기기의 패스, 방문 기록과 알림이 사라집니다. 운영자는 자체 규정에 따라 전화번호를 보관합니다. 지난 방문에 관한 알림을 받을 수 없게 됩니다.',
            ]),
          ),
          element(
            'button',
            { class: 'danger', onclick: () => this.#erase() },
            say(['Erase everything', '모두 지우기']),
          ),
        ),
        element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
      );
    }

    async #erase() {
      const agreed = await ask({
        title: ['Erase everything on this device?', '이 기기의 모든 내용을 지울까요?'],
        text: ['This cannot be undone.', '되돌릴 수 없습니다.'],
        yes: ['Erase', '지우기'],
        no: ['Keep', '그대로 두기'],
        danger: true,
      });
      if (!agreed) return;
      await this.visitor.store.erase();
      localStorage.clear();
      for (const name of await caches.keys()) await caches.delete(name);
      this.app.erased();
      history.replaceState(null, '');
      location.reload();
    }
  },
);
