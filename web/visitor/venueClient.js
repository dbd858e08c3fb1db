/**
 * Requests to venues, which may be anywhere: a document of its own sends them, without access to what this page keeps.
 * Only that document may connect to any host; this page may connect to the two parties alone.
 */

import { Problem, Unreachable } from '../ui/problems.js';

const ANSWER_MILLISECONDS = 20_000;

/**
 * What the document answers.
 * @typedef {{ body: Uint8Array } | { unreachable: string }
 *   | { status: number, problem: string, detail: string }} Relayed
 */

/** A hidden frame for one conversation with one venue. Close it afterwards. */
export class VenueClient {
  #frame;
  #ready;

  constructor() {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts'); // without an origin: it has no storage, and sees nothing of ours
    frame.hidden = true;
    frame.src = 'scan.html';
    this.#frame = frame;
    this.#ready = new Promise((resolve) => {
      frame.addEventListener('load', resolve);
    });
    document.body.append(frame);
  }

  /**
   * Send a request.
   * @param {'GET' | 'POST'} method @param {string} url @param {Uint8Array} [body] @returns {Promise<Uint8Array>}
   * @throws {Problem | Unreachable}
   */
  async call(method, url, body) {
    await this.#ready;
    const { port1, port2 } = new MessageChannel();
    /** @type {Promise<Relayed>} */
    const answered = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve({ unreachable: 'the venue does not answer' }), ANSWER_MILLISECONDS);
    });
    this.#frame.contentWindow?.postMessage({ method, url, body }, '*', [port2]);
    const answer = await answered;
    port1.close();
    if ('body' in answer) return answer.body;
    if ('status' in answer) throw new Problem(answer.status, answer.problem, answer.detail);
    throw new Unreachable(answer.unreachable);
  }

  /** Forget the venue. */
  close() {
    this.#frame.remove();
  }
}
