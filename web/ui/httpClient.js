/**
 * Requests to servers: CBOR bodies, problems, limits, and what the answers' clocks say. Spec: §5.1.
 */

import { Problem, Unreachable } from './problems.js';

const CBOR = 'application/cbor';
/** As in the protocol, which the document for posters does without. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const PROBLEM_TYPE = 'urn:splitpass:problem:';

/** Whether nobody on the way reads what is sent to a URL: it is HTTPS, or goes to this machine. @param {string} url */
export function isProtected(url) {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.[0-9]+){3}|\[::1\])$/u.test(hostname));
}

/** Sends requests that tell and keep nothing that marks a client. `onDate` is told the `Date` of fresh answers. */
export class HttpClient {
  #onDate;

  /** @param {(origin: string, date: string, sent: number, received: number) => void} [onDate] with Unix times here */
  constructor(onDate = () => {}) {
    this.#onDate = onDate;
  }

  /**
   * Send a request and return the body of the answer. No redirect is followed.
   * @param {string} method @param {string} url
   * @param {{ body?: Uint8Array, token?: Uint8Array, seconds?: number, keepalive?: boolean, maxBytes?: number }} [options]
   *   `keepalive`: it is sent to the end also when the page is closed; `maxBytes`: of the answer
   * @returns {Promise<Uint8Array>}
   * @throws {Problem | Unreachable}
   */
  async call(method, url, { body, token, seconds = 60, keepalive = false, maxBytes = MAX_MESSAGE_BYTES } = {}) {
    if (!isProtected(url)) throw new Unreachable(`${url} must begin with https://`);
    /** @type {Record<string, string>} */
    const headers = {};
    if (body) headers['Content-Type'] = CBOR;
    if (token) headers.Authorization = `Bearer ${hex(token)}`;
    const sent = Date.now() / 1000;
    try {
      const answer = await fetch(url, {
        method,
        headers,
        body: body && Uint8Array.from(body),
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        keepalive,
        signal: AbortSignal.timeout(seconds * 1000),
      });
      // Any other answer may be of a cache, and old.
      if (/no-(?:store|cache)/u.test(answer.headers.get('Cache-Control') ?? '')) {
        this.#onDate(new URL(url).origin, answer.headers.get('Date') ?? '', sent, Date.now() / 1000);
      }
      const received = await readLimited(answer, maxBytes);
      if (!answer.ok) throw receivedProblem(answer, received);
      return received;
    } catch (error) {
      if (error instanceof Problem || error instanceof Unreachable) throw error;
      throw new Unreachable(`${new URL(url).host} does not answer`);
    }
  }

  /** What is at a URL; null if there is nothing (404). @param {string} url @returns {Promise<Uint8Array | null>} */
  async find(url) {
    try {
      return await this.call('GET', url);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }
}

/** @param {Uint8Array} data */
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {Response} answer @param {number} maxBytes @returns {Promise<Uint8Array>} */
async function readLimited(answer, maxBytes) {
  const parts = [];
  let length = 0;
  const reader = answer.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    length += read.value.length;
    if (length > maxBytes) {
      await reader?.cancel(); // or the server would go on sending
      throw new Unreachable(`the answer is longer than ${maxBytes} bytes`);
    }
    parts.push(read.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * What an error response says; anything but a problem document is reported by its status alone.
 * @param {Response} answer @param {Uint8Array} body
 */
export function receivedProblem({ status, headers }, body) {
  try {
    const { type, detail } = JSON.parse(new TextDecoder().decode(body));
    const isProblem = headers.get('Content-Type')?.startsWith('application/problem+json');
    if (isProblem && type.startsWith(PROBLEM_TYPE) && typeof detail === 'string') {
      return new Problem(status, type.slice(PROBLEM_TYPE.length), detail);
    }
  } catch {
    // falls through
  }
  return new Problem(status, 'unknown', `the server answered ${status}`);
}
