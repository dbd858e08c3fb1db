/** Phone, name, and the code from the message. What is mistyped is asked for again, and costs no further message. */

/** @import { Pair } from '../../ui/language.js' */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { checkedName, internationalNumber } from '../../ui/people.js';
import { Problem } from '../../ui/problems.js';
import { keepStorage } from '../../ui/surroundings.js';
import { checkedCode, confirmCode, requestCode } from '../enrolment.js';
import { drawAhead } from '../fetching.js';
import { ScreenElement } from '../screen.js';
import { forgetSentCode, keepSentCode, sentCode } from '../sentCode.js';
import { errorInWords } from '../words.js';

const NEW_CODE = ['code-expired', 'too-many-attempts'];

customElements.define(
  'visitor-enrol',
  class extends ScreenElement {
    /** @type {string | null} */
    #sentTo = null;
    #typed = { phone: '', name: '', code: '' };
    /** Where an error is. @type {'phone' | 'name' | 'code'} */
    #field = 'phone';
    /** @type {Pair | null} */
    #error = null;
    #busy = false;

    async connectedCallback() {
      const { account } = await this.visitor.wallet();
      const sent = sentCode();
      const { phone, name } = sent ?? account ?? this.#typed;
      this.#typed = { phone, name, code: '' };
      this.#sentTo = sent?.phone ?? null;
      await super.connectedCallback();
    }

    async refresh() {
      // somebody is typing
    }

    async draw() {
      this.className = 'stack';
      fill(this, ...(this.#sentTo === null ? this.#askPerson() : this.#askCode(this.#sentTo)));
    }

    #askPerson() {
      const field = (
        /** @type {Pair} */ label,
        /** @type {'phone' | 'name'} */ name,
        /** @type {Record<string, any>} */ more,
      ) =>
        element(
          'label',
          {},
          say(label),
          element('input', {
            name,
            value: this.#typed[name],
            required: true,
            'aria-describedby': this.#error && this.#field === name ? 'error' : null,
            oninput: ({ target }) => (this.#typed[name] = target.value),
            ...more,
          }),
        );
      return [
        element('h1', { tabindex: -1 }, say(['Register', '등록'])),
        element(
          'form',
          { class: 'stack', novalidate: true, onsubmit: (event) => this.#submit(event, () => this.#send()) },
          field(['Phone number', '전화번호'], 'phone', {
            type: 'tel',
            autocomplete: 'tel',
            placeholder: '010-1234-5678',
          }),
          field(['Name, as in your papers', '이름(신분증과 같게)'], 'name', { autocomplete: 'name', maxlength: 128 }),
          this.#errorText(),
          element(
            'button',
            { class: 'primary large', disabled: this.#busy },
            say(['Send me a code', '인증 번호 받기']),
          ),
        ),
        this.#cancel(),
      ];
    }

    /** @param {string} phone */
    #askCode(phone) {
      const code = element('input', {
        name: 'code',
        class: 'digits',
        inputmode: 'numeric',
        autocomplete: 'one-time-code',
        required: true,
        value: this.#typed.code,
        oninput: () => (this.#typed.code = code.value),
        'aria-describedby': this.#error ? 'error' : null,
      });
      return [
        element('h1', { tabindex: -1 }, say(['Type the code', '인증 번호 입력'])),
        element(
          'p',
          { class: 'soft' },
          say([`We sent six digits to ${phone}.`, `${phone}(으)로 여섯 자리 숫자를 보냈습니다.`]),
        ),
        element(
          'form',
          {
            class: 'stack',
            novalidate: true,
            onsubmit: (event) => this.#submit(event, () => this.#confirm(phone)),
          },
          element('label', {}, say(['Code from the message', '문자로 받은 인증 번호']), code),
          this.#errorText(),
          element('button', { class: 'primary large', disabled: this.#busy }, say(['Confirm', '확인'])),
        ),
        element(
          'button',
          { class: 'plain', onclick: () => this.#startOver() },
          say(['Another number, or a new code', '번호 바꾸기 또는 다시 받기']),
        ),
      ];
    }

    #errorText() {
      return element('p', { id: 'error', class: 'error', role: 'alert' }, this.#error ? say(this.#error) : '');
    }

    #cancel() {
      return element('button', { class: 'plain', onclick: () => this.app.home() }, say(['Back', '뒤로']));
    }

    /**
     * Do one step, once at a time, and say what went wrong.
     * @param {SubmitEvent} event @param {() => Promise<void>} step
     */
    async #submit(event, step) {
      event.preventDefault();
      if (this.#busy) return;
      this.#busy = true;
      this.#error = null;
      /** @type {HTMLButtonElement | null} */ (this.querySelector('button.primary'))?.setAttribute('disabled', '');
      try {
        await step();
      } catch (error) {
        this.#error = errorInWords(error);
        const problem = error instanceof Problem ? error.problem : '';
        if (NEW_CODE.includes(problem) || problem === 'invalid-name') this.#askAgain();
        if (problem === 'invalid-name') this.#field = 'name';
      }
      this.#busy = false;
      if (!this.isConnected) return;
      await this.draw();
      /** @type {HTMLElement | null} */ (this.querySelector(`input[name=${this.#field}]`))?.focus();
    }

    async #send() {
      this.#field = 'phone';
      const phone = internationalNumber(this.#typed.phone);
      this.#field = 'name';
      checkedName(this.#typed.name);
      this.#field = 'phone';
      await requestCode(this.visitor, phone);
      keepSentCode(phone, this.#typed.name);
      [this.#sentTo, this.#field, this.#typed.code] = [phone, 'code', ''];
    }

    /** @param {string} phone */
    async #confirm(phone) {
      this.#field = 'code';
      await confirmCode(this.visitor, phone, this.#typed.name, checkedCode(this.#typed.code));
      forgetSentCode();
      await drawAhead(this.visitor);
      await keepStorage();
      this.app.start('visitor-home');
    }

    /** Ask for number and name again. */
    #askAgain() {
      forgetSentCode();
      [this.#sentTo, this.#field] = [null, 'phone'];
    }

    #startOver() {
      this.#askAgain();
      this.#error = null;
      this.draw();
    }
  },
);
