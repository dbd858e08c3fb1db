import { CheckInMessage } from '../../protocol/checkIns.js';
import { Gate } from '../parties/gate.js';
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
        const keys = new Map(epochs.includes(epochKey.epoch) ? [[epochKey.epoch, epochKey]] : []);
        const gate = new Gate(epochKey.domain, keys, venueId, tolerance);
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
