/** Somebody without phone and paper tells a name and a number, which are sealed in this page at once. */

/** @import { Answer, Door } from '../door.js' */
/** @import { Pair } from '../../ui/language.js' */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { checkedName, internationalNumber } from '../../ui/people.js';
import { WordedError } from '../../ui/problems.js';

/**
 * Ask for a person; what the server said, or null if nobody is to come in.
 * @param {Door} door @returns {Promise<Answer | null>}
 */
export function askForPerson(door) {
  const name = element('input', { name: 'name', autocomplete: 'off', maxlength: 128 });
  const phone = element('input', {
    name: 'phone',
    type: 'tel',
    autocomplete: 'off',
    inputmode: 'tel',
    placeholder: '010-1234-5678',
  });
  const trouble = element('p', { class: 'error', role: 'alert' });
  const admit = element('button', { class: 'primary' }, say(['Admit', '입장']));
  const dialog = element('dialog', { 'aria-labelledby': 'assisted-title' });
  /** @type {Answer | null} */
  let answer = null;
  const submit = async () => {
    admit.disabled = true;
    fill(trouble);
    try {
      const given = await door.assist({ name: checkedName(name.value), phone: internationalNumber(phone.value) });
      if (given.kind === 'enter') {
        answer = given;
        dialog.close();
      } else fill(trouble, say(/** @type {Pair} */ (given.reason)));
    } catch (error) {
      if (!(error instanceof WordedError)) throw error;
      fill(trouble, say(error.words));
    } finally {
      admit.disabled = false;
    }
  };
  fill(
    dialog,
    element(
      'form',
      {
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          submit();
        },
      },
      element('h2', { id: 'assisted-title' }, say(['Without phone', '휴대전화 없음'])),
      element(
        'p',
        {},
        say([
          'Name and number are sealed at once. Nobody here can read them any more.',
          '이름과 전화번호는 바로 봉인되어 여기서는 아무도 볼 수 없습니다.',
        ]),
      ),
      element('label', {}, say(['Name', '이름']), name),
      element('label', {}, say(['Phone number', '전화번호']), phone),
      trouble,
      element(
        'div',
        { class: 'buttons' },
        element('button', { class: 'quiet', type: 'button', onclick: () => dialog.close() }, say(['Cancel', '취소'])),
        admit,
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
  });
}
