/** The shift is over: nobody is admitted, and what still waits is delivered. */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { ScreenElement } from '../screen.js';

customElements.define(
  'door-off',
  class extends ScreenElement {
    #state = element('p', { role: 'status' });

    draw() {
      this.className = 'page stack';
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['The shift is over', '근무를 마쳤습니다'])),
        this.#state,
        element(
          'button',
          { class: 'primary large', onclick: () => this.app.start() },
          say(['Start a shift', '근무 시작']),
        ),
      );
      this.update();
    }

    update() {
      const waiting = this.app.door?.deliveries.count ?? 0;
      this.#state.textContent = say(
        waiting > 0
          ? [
              `Check-ins that wait for the server: ${waiting}. Keep this page open until all have arrived.`,
              `아직 서버에 전달하지 못한 기록이 ${waiting}건 있습니다. 모두 전달될 때까지 이 화면을 열어 두세요.`,
            ]
          : ['Everything was delivered. You may close this page.', '모두 전달했습니다. 이 화면을 닫아도 됩니다.'],
      );
    }
  },
);
