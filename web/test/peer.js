/**
 * A JavaScript visitor and door that another program drives: one JSON object per line in, one out.
 *
 * In: `{"operation": name, "epoch": {...}, "values": {...}}` with byte strings in hex. Out: `{"result": {...}}`, or
 * `{"error": name}` where the protocol refuses. The visitor's secrets stay in here between calls.
 *
 * @import { OwnedPass, PendingPass } from '../protocol/passes.js'
 * @import { Scalar } from '../protocol/primitives/group.js'
 */

import assert from 'node:assert/strict';
import { CheckInMessage, signCheckIn, signedPassParts, verifyCheckIn } from '../protocol/checkIns.js';
import { HandleGrant, HandleRegistration, registerHandle, verifyGrant } from '../protocol/handles.js';
import { AllowanceRequest, PassAnswers, acceptAnswers, requestAllowance } from '../protocol/passes.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { B } from '../protocol/primitives/group.js';
import { fromQrText, toQrText } from '../protocol/qrText.js';
import { verifyVenue } from '../protocol/warrants.js';
import { answerLines } from './lines.js';
import { call, key } from './replays/call.js';
import { direction, epochKey, joint, text, time } from './replays/keys.js';
import { epochKeyOf } from './replays/setting.js';
import { encoded, hex, nullable, number } from './replays/values.js';

const accountId = key('accountId', hex);
const answers = key('answers', encoded(PassAnswers));
const grant = key('grant', encoded(HandleGrant));
const message = key('message', encoded(CheckInMessage));
const pass = key('pass', number);
const venueId = key('venueId', nullable(hex));

/** @type {{ h?: Scalar, pending: PendingPass[], passes: OwnedPass[] }} */
const visitor = { pending: [], passes: [] };

function ownKey() {
  assert.ok(visitor.h, 'the visitor has no handle yet');
  return visitor.h;
}

const OPERATIONS = new Map(
  Object.entries({
    registerHandle: call([epochKey, accountId], registerHandle, ({ h, registration }) => {
      visitor.h = h;
      return { registration: HandleRegistration.toBytes(registration) };
    }),
    verifyGrant: call(
      [epochKey, grant],
      (epochKey, grant) => verifyGrant(epochKey, ownKey().times(B), grant),
      ({ phone, name }) => ({ phone, name }),
    ),
    requestAllowance: call(
      [epochKey],
      (epochKey) => requestAllowance(epochKey, ownKey()),
      ({ pending, request }) => {
        visitor.pending = pending;
        return { request: AllowanceRequest.toBytes(request) };
      },
    ),
    acceptAnswers: call([epochKey, answers], (epochKey, answers) => {
      visitor.passes = acceptAnswers(epochKey, visitor.pending, answers);
      return { passes: visitor.passes.map((owned) => owned.public.u) };
    }),
    signCheckIn: call([epochKey, pass, time, direction, venueId], (epochKey, pass, ...label) => ({
      message: CheckInMessage.toBytes(signCheckIn(epochKey, visitor.passes[pass], ...label)),
    })),
    showCheckIn: call([epochKey, pass, time, direction], (epochKey, pass, ...label) => ({
      text: toQrText(signCheckIn(epochKey, visitor.passes[pass], ...label)),
    })),
    verifyCheckIn: call([epochKey, message], verifyCheckIn, ({ epoch, message }) => ({
      epoch,
      u: signedPassParts(message).u,
    })),
    readCheckIn: call(
      [epochKey, text],
      (epochKey, text) => verifyCheckIn(epochKey, fromQrText(text)),
      ({ epoch, message }) => ({ epoch, u: signedPassParts(message).u }),
    ),
    verifyVenue: call(
      [epochKey, joint],
      ({ domain }, joint) => verifyVenue(domain, joint),
      ({ name, url }) => ({ name, url }),
    ),
  }),
);

await answerLines(({ operation, epoch, values }) => {
  const called = OPERATIONS.get(operation);
  assert.ok(called, 'an unknown operation');
  try {
    return { result: called.run({ ...values, [epochKey.name]: epochKeyOf(epoch) }) };
  } catch (error) {
    if (error instanceof SplitPassError) return { error: error.name };
    throw error;
  }
});
