import assert from 'node:assert/strict';
import { CheckInMessage } from '../../protocol/checkIns.js';
import { decodeItem, encodeItem } from '../../protocol/primitives/encoding.js';
import { hex, plain } from './values.js';

const readable = (item) => {
  if (item instanceof Uint8Array) return { bytes: plain(item) };
  return Array.isArray(item) ? item.map(readable) : item;
};

export default {
  items: {
    check: [
      { encoding: hex },
      ({ encoding }) => {
        const item = decodeItem(encoding);
        assert.deepEqual(encodeItem(item), encoding);
        return { item: readable(item) };
      },
    ],
  },
  messages: {
    check: [
      { encoding: hex },
      ({ encoding }) => {
        const checkIn = CheckInMessage.fromBytes(encoding);
        assert.deepEqual(CheckInMessage.toBytes(checkIn), encoding);
        const { domain, time, direction, venue, signedPass } = checkIn;
        return { domain, time, direction, venue, signed_pass: signedPass };
      },
    ],
  },
};
