import assert from 'node:assert/strict';
import {
  CheckInMessage,
  labelStatement,
  signCheckIn,
  signedPassParts,
  verifyCheckIn,
} from '../../protocol/checkIns.js';
import { passBytes, passStatement } from '../../protocol/passes.js';
import { fromQrText, toQrText } from '../../protocol/qrText.js';
import { call, key } from './call.js';
import { direction, epochKey, publicPass, r, random, text, time, venueIdOrNull } from './keys.js';
import { encoded } from './values.js';

const message = key('message', encoded(CheckInMessage));

/** @param {CheckInMessage} message */
const shown = (message) => ({ message: CheckInMessage.toBytes(message) });

export default {
  'check-in': {
    make: call(
      [epochKey, publicPass, r, time, direction, venueIdOrNull, random],
      (epochKey, pass, r, ...label) => signCheckIn(epochKey, { public: pass, r }, ...label),
      shown,
    ),
    steps: call(
      [epochKey, publicPass, direction, venueIdOrNull, message],
      (epochKey, pass, direction, venueId, message) => {
        const { u, v, labelSignature } = signedPassParts(message);
        return {
          pass_statement: passStatement(epochKey, u, v),
          label_statement: labelStatement(epochKey, message.time, direction, venueId, passBytes(pass)),
          label_signature: labelSignature,
        };
      },
    ),
    check: call([epochKey, message], verifyCheckIn, ({ epoch, message }) => {
      const { u, v } = signedPassParts(message);
      return { epoch, u, v };
    }),
  },
  'qr-text': {
    check: call(
      [text],
      (text) => {
        const message = fromQrText(text);
        assert.equal(toQrText(message), text);
        return message;
      },
      shown,
    ),
  },
};
