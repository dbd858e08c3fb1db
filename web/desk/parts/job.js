/** Long work at the server: how far it is, and what came of it. */

/** @import { Desk } from '../desk.js' */

import { element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { printable } from '../../ui/text.js';
import { errorInWords, jobInWords, problemInWords, told } from '../words.js';

const POLL_MILLISECONDS = 700;

/**
 * Work that was begun, with the results and problems of its parts.
 * @typedef {object} Job
 * @property {string} id
 * @property {string} what
 * @property {'running' | 'done' | 'failed'} state
 * @property {number} done
 * @property {number} of
 * @property {{ label: string, line: string, more: string[], warnings: string[] }[]} results
 * @property {{ label: string, name: string, detail: string }[]} problems
 */

/** Follows one job to its end. */
export class JobView extends HTMLElement {
  /**
   * Follow a job; `onend` is called once it has ended.
   * @param {Desk} desk @param {string} id @param {() => void} onend
   */
  async follow(desk, id, onend) {
    this.className = 'card stack job';
    for (;;) {
      try {
        /** @type {Job} */
        const job = await desk.client.get(`/jobs/${id}`);
        this.#show(job);
        if (job.state !== 'running') break;
      } catch (error) {
        fill(this, element('p', { class: 'error', role: 'alert' }, say(errorInWords(error))));
        break;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MILLISECONDS);
      });
      if (!desk.officer) return;
    }
    onend();
  }

  /** @param {Job} job */
  #show(job) {
    const isRunning = job.state === 'running';
    const far = job.of > 0 ? say([`${job.done} of ${job.of}`, `${job.of}건 중 ${job.done}건`]) : '';
    const words = isRunning
      ? `${jobInWords(job.what)} … ${far}`
      : say(job.state === 'failed' ? ['It did not work', '처리하지 못했습니다'] : ['Done', '완료되었습니다']);
    fill(
      this,
      element('p', { role: 'status', class: 'big-line' }, words),
      isRunning &&
        element('progress', {
          'aria-label': jobInWords(job.what),
          ...(job.of > 0 ? { max: job.of, value: job.done } : {}),
        }),
      (job.results.length > 0 || job.problems.length > 0) &&
        element(
          'ul',
          { class: 'results' },
          job.results.map(({ label, line, more, warnings }) =>
            element(
              'li',
              {},
              label && element('p', { class: 'soft small' }, printable(label)),
              element('p', {}, told(line)),
              more.map((text) => element('p', { class: 'soft small' }, told(text))),
              warnings.map((text) => element('p', { class: 'note small' }, told(text))),
            ),
          ),
          job.problems.map(({ label, name, detail }) =>
            element(
              'li',
              {},
              label && element('p', { class: 'soft small' }, printable(label)),
              element('p', { class: 'error' }, problemInWords(name, printable(detail))),
            ),
          ),
        ),
    );
  }
}

customElements.define('desk-job', JobView);
