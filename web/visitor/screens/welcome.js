/** The first screen: what this is, where to put it on an iPhone, and consent, once. */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { isApple, isInstalled } from '../../ui/surroundings.js';
import { ScreenElement } from '../screen.js';

/** @type {readonly (readonly [string, string])[]} */
const POINTS = [
  [
    'The operator knows your name and number, and not where you go.',
    '운영자는 이름과 전화번호를 알지만, 어디에 가는지는 모릅니다.',
  ],
  [
    'The venue keeps a sealed code for four weeks, and does not know who you are.',
    '시설은 봉인된 코드를 4주 동안 보관하며, 누구인지 모릅니다.',
  ],
  [
    'Only with a warrant that two parties sign can a visit be opened, and you are told afterwards.',
    '두 기관이 함께 승인해야만 방문 기록을 열 수 있고, 그 사실은 나중에 알려 드립니다.',
  ],
];

customElements.define(
  'visitor-welcome',
  class extends ScreenElement {
    async draw() {
      fill(
        this,
        element(
          'h1',
          { tabindex: -1 },
          say(['Come in without telling who you are', '누구인지 알리지 않고 입장하세요']),
        ),
        element(
          'p',
          { class: 'soft' },
          say([
            'A door sees that you can be reached if somebody was ill there, and nothing else.',
            '출입문은 필요할 때 연락할 수 있다는 것만 확인합니다.',
          ]),
        ),
        element(
          'ul',
          { class: 'points card' },
          POINTS.map((point) => element('li', {}, say(point))),
        ),
        isApple() &&
          !isInstalled() &&
          element(
            'div',
            { class: 'note stack' },
            element('h2', {}, say(['Add to Home Screen, then register', '홈 화면에 추가한 뒤 등록하세요'])),
            element(
              'p',
              {},
              say([
                'In Safari tap Share, then “Add to Home Screen”, and open SplitPass from there. ' +
                  'Otherwise your passes are deleted after a week.',
                'Safari에서 공유 버튼을 누르고 ‘홈 화면에 추가’를 고른 뒤, 그 아이콘으로 여세요. 그러지 않으면 일주일 뒤에 패스가 지워집니다.',
              ]),
            ),
          ),
        element(
          'p',
          { class: 'soft small' },
          say([
            'The operator keeps your number, this device alone your passes and visits. Erase them at any time.',
            '전화번호는 운영자가, 패스와 방문 기록은 이 기기만 보관합니다. 언제든지 지울 수 있습니다.',
          ]),
        ),
        element(
          'button',
          {
            class: 'primary large',
            onclick: async () => {
              await this.visitor.store.put('consent', this.visitor.clock());
              this.app.go('visitor-enrol');
            },
          },
          say(['I agree, register', '동의하고 등록하기']),
        ),
      );
      this.className = 'stack';
    }
  },
);
