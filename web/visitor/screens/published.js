/** Notices, and whether the visitor was ever identified: what was published about the passes of this device. */

/** @import { Pair } from '../../ui/language.js' */
/** @import { ListSource } from '../lists.js' */
/** @import { UsedPass, Visit } from '../walletContents.js' */

import { bytesToHex } from '@noble/hashes/utils.js';
import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { listsAt } from '../fetching.js';
import { LIST_SOURCES, faultsOf } from '../lists.js';
import { ScreenElement } from '../screen.js';
import { usedPasses } from '../wallet.js';
import { faultInWords } from '../words.js';

/** @type {Pair} */
const MORE = [
  'More was published about your passes than is kept here: somebody fills the lists.',
  '여기에 보관할 수 있는 것보다 많은 내용이 공개되었습니다. 누군가 목록을 채우고 있습니다.',
];

/** A screen about one kind of list: its title, what is said if nothing was found, and what was found. */
class Published extends ScreenElement {
  /** @type {ListSource['kind']} */
  kind = 'notices';
  /** @type {Pair} */
  heading = ['', ''];
  /** @type {Pair} */
  nothing = ['', ''];

  async draw() {
    this.className = 'stack';
    const used = usedPasses(await this.visitor.wallet());
    const found = await this.visitor.findings.all(used);
    const texts =
      this.kind === 'notices'
        ? found.notices.map(({ u, advice }) => this.#notice(this.#where(used.get(bytesToHex(u))), printable(advice)))
        : found.openings.map(({ u, warrantId, legalReference }) =>
            this.#opening(
              this.#where(used.get(bytesToHex(u))),
              `${printable(legalReference)}, ${bytesToHex(warrantId)}`,
            ),
          );
    const sources = LIST_SOURCES.filter(({ kind }) => kind === this.kind);
    const faults = await Promise.all(sources.map((source) => faultsOf(this.visitor, source)));
    const next = this.visitor.localTime(await listsAt(this.visitor));
    fill(
      this,
      element('h1', { tabindex: -1 }, say(this.heading)),
      [...new Set(texts)].map((text) =>
        element(
          'section',
          { class: 'card found' },
          text.split('\n').map((line) => element('p', {}, line)),
        ),
      ),
      found.leftOut > 0 && element('p', { class: 'note' }, say(MORE)),
      texts.length === 0 &&
        element(
          'section',
          { class: 'card stack', role: 'status' },
          element('p', { class: 'big-line' }, say(this.#state(faults))),
        ),
      sources.flatMap((source, place) =>
        (faults[place] ?? []).map((fault) => element('p', { class: 'note' }, say(faultInWords(fault, source)))),
      ),
      element(
        'p',
        { class: 'soft' },
        say([
          'Everybody fetches the same lists about once a day, and this device looks in them by itself. ' +
            `Next time: after ${next}, while this page is open.`,
          `모두가 하루에 한 번쯤 같은 목록을 받고, 이 기기가 스스로 찾아봅니다. 다음: 이 화면이 열려 있으면 ${next} 이후.`,
        ]),
      ),
      element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로'])),
    );
  }

  /** @param {(string[] | null)[]} faults @returns {Pair} */
  #state(faults) {
    if (faults.some((some) => some === null)) return ['Not checked yet', '아직 확인하지 않았습니다'];
    if (faults.some((some) => some && some.length > 0)) return ['Could not check', '확인 못 함'];
    return this.nothing;
  }

  /** @param {string} where @param {string} advice */
  #notice(where, advice) {
    return say([
      `The health authority warns those who were there with you (${where}): ${advice}\n` +
        'Nobody else knows that this concerns you. Whoever you call or tell learns it.',
      `보건당국이 회원님의 방문(${where})에 대해 알립니다: ${advice}\n이 알림이 회원님에 관한 것임은 회원님만 압니다. 연락하거나 말하면 상대방이 알게 됩니다.`,
    ]);
  }

  /** @param {string} where @param {string} warrant */
  #opening(where, warrant) {
    return say([
      `Your visit (${where}) was opened under a warrant (${warrant}), for the health authority to learn who you are.`,
      `회원님의 방문 기록(${where})이 열람 승인서(${warrant})에 따라 열람되어 보건당국이 회원님의 신원을 확인할 수 있게 되었습니다.`,
    ]);
  }

  /** When and, if the wallet knows, where a pass was used. @param {Visit | UsedPass | undefined} used */
  #where(used) {
    if (!used) return '';
    if (!('entered' in used)) return this.visitor.dayName(used.epoch);
    const entered = this.visitor.localTime(used.entered);
    return used.venue ? `${entered}, ${printable(used.venue.name)}` : entered;
  }
}

customElements.define(
  'visitor-notices',
  class extends Published {
    kind = /** @type {const} */ ('notices');
    heading = /** @type {const} */ (['Notices', '알림']);
    nothing = /** @type {const} */ ([
      'Nothing that was published concerns you',
      '공개된 알림 중 회원님에게 해당하는 것은 없습니다',
    ]);
  },
);

customElements.define(
  'visitor-openings',
  class extends Published {
    kind = /** @type {const} */ ('disclosures');
    heading = /** @type {const} */ (['Was I ever identified?', '신원이 확인된 적이 있나요?']);
    nothing = /** @type {const} */ ([
      'No: none of your visits was opened, as far as both parties have published',
      '아니요. 두 기관이 공개한 바로는 열람된 방문 기록이 없습니다',
    ]);
  },
);
