/** Another window of this browser is the door. */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { ScreenElement } from '../screen.js';

customElements.define(
  'door-elsewhere',
  class extends ScreenElement {
    draw() {
      this.className = 'page stack';
      fill(
        this,
        element(
          'h1',
          { tabindex: -1 },
          say(['This door is open in another window', '다른 창에서 이 출입문을 쓰고 있습니다']),
        ),
        element('p', {}, say(['Use one window at a time.', '한 번에 한 창에서만 쓸 수 있습니다.'])),
        element(
          'button',
          { class: 'primary large', onclick: () => this.app.takeOver() },
          say(['Use it here', '여기서 쓰기']),
        ),
      );
    }
  },
);
