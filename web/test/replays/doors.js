import { Book } from '../../door/book.js';
import { CheckInMessage } from '../../protocol/checkIns.js';
import { PaperGate } from '../parties/gate.js';
import { call, key } from './call.js';
import { epochKey, venueId } from './keys.js';
import { hex, list, number, string } from './values.js';

const clocks = key('clocks', list(number));
const codes = key('codes', list(string));
const epochs = key('epochs', list(number));
const tolerance = key('tolerance', number);

export default {
  'door-decisions': {
    check: call(
      [epochKey, epochs, venueId, tolerance, codes, clocks],
      (epochKey, epochs, venueId, tolerance, codes, clocks) => {
        const { domain } = epochKey;
        const keys = new Map(epochs.includes(epochKey.epoch) ? [[epochKey.epoch, epochKey]] : []);
        const of = { domain, tolerance, closed: false, epochKey: (/** @type {number} */ epoch) => keys.get(epoch) };
        const gate = new PaperGate(venueId, (number) => (number === domain.number ? of : undefined), new Book());
        const decisions = codes.map((code, i) =>
          /^[0-9a-f]+$/u.test(code)
            ? gate.decide(CheckInMessage.fromBytes(hex(code)), clocks[i])
            : gate.decideText(code, clocks[i]),
        );
        return { decisions };
      },
    ),
  },
};
