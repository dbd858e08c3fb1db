/** What all screens have in common. */

/** @import { App } from './app.js' */

import { holdFocus } from '../ui/focus.js';

/** So often it is looked whether a finger is still on a button, which must not be replaced under it. */
const PRESS_MILLISECONDS = 50;

/** A screen of the page: an element that draws itself when it is shown, and again when something has changed. */
export class ScreenElement extends HTMLElement {
  /** @type {App} */
  app = /** @type {any} */ (null);

  async connectedCallback() {
    await this.draw();
    this.querySelector('h1')?.focus({ preventScroll: true });
  }

  /** Draw everything anew. @returns {Promise<void>} */
  async draw() {
    // each screen draws something else
  }

  /**
   * Draw again because of something that happened elsewhere, unless somebody is typing here.
   * @returns {Promise<void>}
   */
  async refresh() {
    while (this.matches(':active')) {
      await new Promise((resolve) => {
        setTimeout(resolve, PRESS_MILLISECONDS);
      });
    }
    await this.redraw();
  }

  /** Draw again. What had the focus has it again, or else the title. */
  async redraw() {
    const focusAgain = holdFocus(this);
    await this.draw();
    focusAgain();
  }

  /** The visitor of the page. */
  get visitor() {
    return this.app.visitor;
  }
}
