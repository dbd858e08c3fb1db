/** What all screens have in common. */

/** @import { App } from './app.js' */
/** @import { Pair } from '../ui/language.js' */
/** @import { Child } from '../ui/dom.js' */

import { element, fill } from '../ui/dom.js';
import { holdFocus } from '../ui/focus.js';
import { say } from '../ui/language.js';
import { Problem } from '../ui/problems.js';
import { errorInWords } from './words.js';

/** A screen of the page. It fetches what it shows, and is drawn from that; it keeps nothing when it is left. */
export class ScreenElement extends HTMLElement {
  /** @type {App} */
  app = /** @type {any} */ (null);
  /** What the screen is about: an id or a name. @type {string} */
  about = '';
  /** @type {Pair} */
  heading = ['', ''];
  /** @type {Pair | null} */
  error = null;
  #busy = false;
  #loaded = false;

  async connectedCallback() {
    this.className = 'stack';
    fill(this, this.#title(), element('p', { class: 'soft', role: 'status' }, say(['Loading …', '불러오는 중…'])));
    await this.refresh();
    if (!this.contains(document.activeElement)) this.querySelector('h1')?.focus({ preventScroll: true });
  }

  /** Fetch everything anew and draw it. */
  async refresh() {
    try {
      await this.load();
      this.#loaded = true;
    } catch (error) {
      if (this.app.isSignedOut(error)) return;
      if (this.#loaded) this.error = errorInWords(error);
      else this.#failed(error);
    }
    if (this.isConnected && this.#loaded) this.draw();
  }

  /** Some time has passed, in which nobody worked here. */
  async tick() {
    await this.refresh();
  }

  /** Draw everything from what was fetched. What had the focus has it again, or else the title. */
  draw() {
    const focusAgain = holdFocus(this);
    const unfolded = this.#folds().map(({ open }) => open);
    fill(
      this,
      this.#title(),
      element('p', { class: 'error', role: 'alert' }, this.error ? say(this.error) : ''),
      ...this.content(),
    );
    this.#folds().forEach((fold, place) => {
      if (unfolded[place]) fold.open = true;
    });
    focusAgain();
  }

  /** Fetch what the screen shows. @returns {Promise<void>} */
  async load() {
    // each screen fetches something else
  }

  /** What is below the title. @returns {(Child | Child[])[]} */
  content() {
    return [];
  }

  /** Whether somebody is typing here, or has typed what would go away if it were drawn again. */
  get isInUse() {
    const active = document.activeElement;
    if (this.#busy || (this.contains(active) && active?.matches('input, select, textarea, [role=slider]'))) return true;
    /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */
    const fields = this.querySelectorAll('input:not([type=checkbox]), textarea');
    const isTyped = [...fields].some(({ value, defaultValue }) => value !== defaultValue);
    return isTyped || this.querySelector('input:checked') !== null;
  }

  /**
   * Do something that the officer asked for, once at a time; then everything is fetched again.
   * @param {() => Promise<void>} work
   */
  async attempt(work) {
    if (this.#busy) return;
    this.#busy = true;
    this.error = null;
    this.setAttribute('aria-busy', 'true');
    try {
      await work();
    } catch (error) {
      if (this.app.isSignedOut(error)) return;
      this.error = errorInWords(error);
    } finally {
      this.#busy = false;
      this.removeAttribute('aria-busy');
    }
    if (!this.isConnected) return;
    const wrong = this.error;
    await this.refresh();
    if (wrong) this.querySelector('.error')?.scrollIntoView({ block: 'center' });
  }

  /** @param {unknown} error */
  #failed(error) {
    const isGone = error instanceof Problem && error.status === 404;
    fill(
      this,
      this.#title(),
      element('p', { class: 'note', role: 'alert' }, say(errorInWords(error))),
      !isGone && element('button', { onclick: () => this.refresh() }, say(['Try again', '다시 시도'])),
    );
  }

  /** What can be unfolded, but for forms, which are folded again once they are sent. */
  #folds() {
    return [...this.querySelectorAll('details')].filter((fold) => !fold.querySelector('form'));
  }

  #title() {
    return element('h1', { tabindex: -1 }, say(this.heading));
  }
}
