/**
 * The venue's server, as its door's page asks it. Spec: §5.5.
 *
 * @import { Delivery } from '../protocol/deliveries.js'
 * @import { HttpClient } from '../ui/httpClient.js'
 */

import { Delivery as DeliveryMessage, DeliveryAnswer, DoorView, Pairing } from '../protocol/deliveries.js';
import { DoorAnswer } from '../protocol/httpMessages.js';

/** So long a request for one visitor who waits may take. */
const ANSWER_SECONDS = 8;
const DELIVERY_SECONDS = 20;

/**
 * Asks the server that this page came from. All throw `Problem`, `Unreachable`, or `Malformed` if the answer is none.
 */
export class DoorServer {
  #client;
  #base;

  /** @param {Pick<HttpClient, 'call'>} client @param {string} base the server's URL, without a slash at its end */
  constructor(client, base) {
    this.#client = client;
    this.#base = base;
  }

  /**
   * Have a token that was drawn here become this reader's.
   * @param {Uint8Array} secret 16 bytes @param {Uint8Array} token 32 bytes
   */
  async pair(secret, token) {
    const body = Pairing.toBytes({ secret, token });
    await this.#client.call('POST', `${this.#base}/v1/readers`, { body, seconds: ANSWER_SECONDS });
  }

  /** What a door needs to decide alone. @param {Uint8Array} token */
  async view(token) {
    return DoorView.fromBytes(
      await this.#client.call('GET', `${this.#base}/v1/door`, { token, seconds: DELIVERY_SECONDS }),
    );
  }

  /** Deliver check-ins. @param {Uint8Array} token @param {Delivery} delivery */
  async deliver(token, delivery) {
    const body = DeliveryMessage.toBytes(delivery);
    const answer = await this.#client.call('POST', `${this.#base}/v1/deliveries`, {
      body,
      token,
      seconds: DELIVERY_SECONDS,
    });
    return DeliveryAnswer.fromBytes(answer);
  }

  /**
   * Say a last thing when the page is being closed; nobody learns whether it arrived.
   * @param {Uint8Array} token @param {Delivery} delivery
   */
  leave(token, delivery) {
    const body = DeliveryMessage.toBytes(delivery);
    this.#client.call('POST', `${this.#base}/v1/deliveries`, { body, token, keepalive: true }).catch(() => undefined);
  }

  /** Have a paper decided. @param {Uint8Array} token @param {Uint8Array} paper */
  async paper(token, paper) {
    return this.#answer('papers', token, paper);
  }

  /** Hand over a sealed check-in of somebody without a phone. @param {Uint8Array} token @param {Uint8Array} checkIn */
  async assist(token, checkIn) {
    return this.#answer('assisted', token, checkIn);
  }

  /** @param {string} path @param {Uint8Array} token @param {Uint8Array} body */
  async #answer(path, token, body) {
    const url = `${this.#base}/v1/${path}`;
    return DoorAnswer.fromBytes(await this.#client.call('POST', url, { body, token, seconds: ANSWER_SECONDS }));
  }
}
