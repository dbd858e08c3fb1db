/** @import { EpochKey } from '../../protocol/epochs.js' */

import { Book } from '../../door/book.js';
import { CheckInMessage } from '../../protocol/checkIns.js';
import { Delivery, DeliveryAnswer } from '../../protocol/deliveries.js';
import { DeliveryServer } from '../parties/deliveries.js';
import { PaperGate } from '../parties/gate.js';
import { call, key } from './call.js';
import { epochKey, venueId } from './keys.js';
import { encoded, hex, list, number, string } from './values.js';

/**
 * The gate of a venue in the domain of an epoch, with the keys of these epochs, which are that one or none.
 * @param {EpochKey} epochKey @param {number[]} epochs @param {Uint8Array} venueId @param {number} tolerance
 */
function gateOf(epochKey, epochs, venueId, tolerance) {
  const { domain } = epochKey;
  const keys = new Map(epochs.includes(epochKey.epoch) ? [[epochKey.epoch, epochKey]] : []);
  const of = { domain, tolerance, closed: false, epochKey: (/** @type {number} */ epoch) => keys.get(epoch) };
  return new PaperGate(venueId, (number) => (number === domain.number ? of : undefined), new Book());
}

const paired = key('paired', number);
const deliveries = key('deliveries', list(encoded(Delivery)));
const readers = key('readers', list(number));
const clocks = key('clocks', list(number));
const codes = key('codes', list(string));
const epochs = key('epochs', list(number));
const tolerance = key('tolerance', number);

export default {
  'door-decisions': {
    check: call(
      [epochKey, epochs, venueId, tolerance, codes, clocks],
      (epochKey, epochs, venueId, tolerance, codes, clocks) => {
        const gate = gateOf(epochKey, epochs, venueId, tolerance);
        const decisions = codes.map((code, i) =>
          /^[0-9a-f]+$/u.test(code)
            ? gate.decide(CheckInMessage.fromBytes(hex(code)), clocks[i])
            : gate.decideText(code, clocks[i]),
        );
        return { decisions };
      },
    ),
  },
  deliveries: {
    check: call(
      [epochKey, epochs, venueId, tolerance, paired, readers, deliveries, clocks],
      (epochKey, epochs, venueId, tolerance, paired, readers, deliveries, clocks) => {
        const server = new DeliveryServer(gateOf(epochKey, epochs, venueId, tolerance), paired);
        const answers = deliveries.map((delivery, i) => server.take(readers[i], delivery, clocks[i]));
        return { answers: answers.map((answer) => DeliveryAnswer.toBytes(answer)) };
      },
    ),
  },
};
