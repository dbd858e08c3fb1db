/** The wallet's passphrase, asked for when the page is opened. */

/** @import { Pair } from '../../ui/language.js' */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { ScreenElement } from '../screen.js';
import { errorInWords } from '../words.js';
import { eraseSection } from './erasing.js';

customElements.define(
  'visitor-locked',
  class extends ScreenElement {
    /** @type {Pair | null} */
    #error = null;

    async refresh() {
      // somebody is typing
    }

    async draw() {
      this.className = 'stack';
      const passphrase = element('input', { type: 'password', name: 'passphrase', autocomplete: 'current-password' });
      fill(
        this,
        element('h1', { tabindex: -1 }, say(['Locked', '잠겨 있습니다'])),
        element(
          'form',
          {
            class: 'stack',
            onsubmit: (event) => {
              event.preventDefault();
              this.#unlock(passphrase.value);
            },
          },
          element('label', {}, say(['Passphrase', '암호']), passphrase),
          element('p', { class: 'error', role: 'alert' }, this.#error ? say(this.#error) : ''),
          element('button', { class: 'primary large' }, say(['Open', '열기'])),
        ),
        element(
          'details',
          {},
          element('summary', {}, say(['I forgot it', '암호를 잊었습니다'])),
          eraseSection(this.app),
        ),
      );
      passphrase.focus();
    }

    /** @param {string} passphrase */
    async #unlock(passphrase) {
      this.#error = null;
      try {
        await this.visitor.store.unlock(passphrase);
        await this.app.open();
      } catch (error) {
        this.#error = errorInWords(error);
        await this.draw();
      }
    }
  },
);
