import assert from 'node:assert/strict';
import { CheckInMessage, labelStatement, signCheckIn, signedPassParts, verifyCheckIn } from '../../protocol/checkIns.js';
import { passStatement } from '../../protocol/passes.js';
import { fromQrText, toQrText } from '../../protocol/qrText.js';
import { draws, encoded, hex, nullable, number, ownedPass, scalar, string } from './values.js';

export default {
  'check-in': {
    make: [
      { public_pass: hex, r: scalar, time: number, direction: number, venue: nullable(hex), random: draws },
      ({ public_pass, r, time, direction, venue, random }, epochKey) => ({
        message: CheckInMessage.toBytes(
          signCheckIn(epochKey, ownedPass(public_pass, r), time, direction, venue, random),
        ),
      }),
    ],
    steps: ({ public_pass, direction, venue, message }, epochKey) => {
      const { u, v, labelSignature } = signedPassParts(message);
      return {
        pass_statement: passStatement(epochKey, u, v),
        label_statement: labelStatement(epochKey, message.time, direction, venue, public_pass),
        label_signature: labelSignature,
      };
    },
    check: [
      { message: encoded(CheckInMessage) },
      ({ message }, epochKey) => {
        const { epoch } = verifyCheckIn(epochKey, message);
        const { u, v } = signedPassParts(message);
        return { epoch, u, v };
      },
    ],
  },
  'qr-text': {
    check: [
      { text: string },
      ({ text }) => {
        const message = fromQrText(text);
        assert.equal(toQrText(message), text);
        return { message: CheckInMessage.toBytes(message) };
      },
    ],
  },
};
