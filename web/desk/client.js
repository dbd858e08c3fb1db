/** Requests to the desk's own server: JSON, and problem documents. The token is in memory alone; nothing is kept. */

import { receivedProblem } from '../ui/httpClient.js';
import { Unreachable } from '../ui/problems.js';

/** Asks the server, for an officer once one has signed in. */
export class Client {
  /** @type {string | null} */
  token = null;

  /** What is at a path of the server. @param {string} path @returns {Promise<any>} @throws {Problem | Unreachable} */
  async get(path) {
    return (await this.#call('GET', path)).json();
  }

  /**
   * What the server answers to a request; null if that is nothing.
   * @param {string} path @param {object} [body] @returns {Promise<any>} @throws {Problem | Unreachable}
   */
  async post(path, body = {}) {
    const answer = await this.#call('POST', path, body);
    return answer.status === 204 ? null : answer.json();
  }

  /** A file that the server makes. @param {string} path @returns {Promise<Blob>} @throws {Problem | Unreachable} */
  async file(path) {
    return (await this.#call('POST', path, {})).blob();
  }

  /** @param {string} method @param {string} path @param {object} [body] @returns {Promise<Response>} */
  async #call(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (body) headers['Content-Type'] = 'application/json';
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    let answer;
    try {
      answer = await fetch(`/v1/desk${path}`, {
        method,
        headers,
        body: body && JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      });
    } catch {
      throw new Unreachable('the desk does not answer');
    }
    if (answer.ok) return answer;
    throw receivedProblem(answer, new Uint8Array(await answer.arrayBuffer()));
  }
}
