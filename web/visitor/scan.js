/** The document that sends requests to venues for the page around it, and nothing else. See `venueClient.js`. */

import { HttpClient } from '../ui/httpClient.js';
import { Problem } from '../ui/problems.js';

const PATH = /\/v1\/(venues\/[0-9a-f]{32}\/[0-9]{1,3}|check-ins)$/u;
const SECONDS = 15;
/** Of a venue's answer, which may be a stranger's. */
const MAX_BYTES = 4096;

addEventListener('message', async ({ source, data, ports: [port] }) => {
  if (source !== parent || !port) return;
  port.postMessage(await relayed(data));
});

/** @param {{ method: string, url: string, body?: Uint8Array }} request */
async function relayed({ method, url, body }) {
  try {
    if (!PATH.test(new URL(url).pathname)) return { unreachable: 'no request for a venue' };
    return { body: await new HttpClient().call(method, url, { body, seconds: SECONDS, maxBytes: MAX_BYTES }) };
  } catch (error) {
    if (error instanceof Problem) return { status: error.status, problem: error.problem, detail: error.message };
    return { unreachable: error instanceof Error ? error.message : 'no answer' };
  }
}
