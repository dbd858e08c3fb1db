/** What all screens have in common. */

/** @import { App } from './app.js' */

/** A screen of the page: an element that draws itself when it is shown, and again in another language. */
export class ScreenElement extends HTMLElement {
  /** @type {App} */
  app = /** @type {any} */ (null);

  connectedCallback() {
    this.draw();
    this.querySelector('h1')?.focus({ preventScroll: true });
  }

  /** Draw everything anew. */
  draw() {
    // each screen draws something else
  }

  /** Draw what may have changed. */
  update() {
    // most screens show nothing that changes
  }
}
