import assert from 'node:assert/strict';
import { CheckInMessage } from '../../protocol/checkIns.js';
import { decodeItem, encodeItem } from '../../protocol/primitives/encoding.js';
import { call, key } from './call.js';
import { encoding, venueIdOrNull } from './keys.js';
import { messageOf } from './messages.js';
import { plain, string } from './values.js';

/** @param {unknown} item @returns {unknown} */
const readable = (item) => {
  if (item instanceof Uint8Array) return { bytes: plain(item) };
  return Array.isArray(item) ? item.map(readable) : item;
};

export default {
  items: {
    check: call([encoding], (encoding) => {
      const item = decodeItem(encoding);
      assert.deepEqual(encodeItem(item), encoding);
      return { item: readable(item) };
    }),
  },
  'message-edges': {
    check: call([key('kind', string), encoding], (kind, encoding) => {
      const type = messageOf(kind);
      assert.ok(type, `no message ${kind}`);
      assert.deepEqual(type.toBytes(type.fromBytes(encoding)), encoding);
      return { item: readable(decodeItem(encoding)) };
    }),
  },
  messages: {
    check: call([encoding], (encoding) => {
      const checkIn = CheckInMessage.fromBytes(encoding);
      assert.deepEqual(CheckInMessage.toBytes(checkIn), encoding);
      const { domain, time, direction, venueId, signedPass } = checkIn;
      return { domain, time, direction, [venueIdOrNull.name]: venueId, signed_pass: signedPass };
    }),
  },
};
