/**
 * A JavaScript visitor and door that another program drives: one JSON object per line in, one out.
 *
 * In: `{"operation": name, "epoch": {...}, "values": {...}}` with byte strings in hex. Out: `{"result": {...}}`, or
 * `{"error": name}` where the protocol refuses. The visitor's secrets stay in here between calls.
 */

import { createInterface } from 'node:readline';
import { CheckInMessage, signCheckIn, signedPassParts, verifyCheckIn } from '../protocol/checkIns.js';
import { Domain, verifyEpoch } from '../protocol/epochs.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { B } from '../protocol/primitives/group.js';
import { HandleGrant, HandleRegistration, registerHandle, verifyGrant } from '../protocol/handles.js';
import { AllowanceRequest, PassAnswers, acceptAnswers, requestAllowance } from '../protocol/passes.js';
import { fromQrText, toQrText } from '../protocol/qrText.js';
import { JointStatement } from '../protocol/primitives/statements.js';
import { verifyVenue } from '../protocol/warrants.js';
import { encoded, hex, nullable, plain, point } from './replays/values.js';

const visitor = {};

const OPERATIONS = {
  registerHandle(epochKey, { account }) {
    const { h, registration } = registerHandle(epochKey, hex(account));
    visitor.h = h;
    return { registration: HandleRegistration.toBytes(registration) };
  },
  verifyGrant(epochKey, { handle, grant }) {
    const U = handle === undefined ? visitor.h.times(B) : point(handle);
    const { phone, name } = verifyGrant(epochKey, U, encoded(HandleGrant)(grant));
    return { phone, name };
  },
  requestAllowance(epochKey) {
    const { pending, request } = requestAllowance(epochKey, visitor.h);
    visitor.pending = pending;
    return { request: AllowanceRequest.toBytes(request) };
  },
  acceptAnswers(epochKey, { answers }) {
    visitor.passes = acceptAnswers(epochKey, visitor.pending, encoded(PassAnswers)(answers));
    return { passes: visitor.passes.map((owned) => owned.public.u) };
  },
  signCheckIn(epochKey, { pass, time, direction, venue }) {
    const message = signCheckIn(epochKey, visitor.passes[pass], time, direction, nullable(hex)(venue));
    return { message: CheckInMessage.toBytes(message) };
  },
  showCheckIn(epochKey, { pass, time, direction }) {
    return { text: toQrText(signCheckIn(epochKey, visitor.passes[pass], time, direction)) };
  },
  verifyCheckIn(epochKey, { message }) {
    const { epoch, message: checkIn } = verifyCheckIn(epochKey, encoded(CheckInMessage)(message));
    return { epoch, u: signedPassParts(checkIn).u };
  },
  readCheckIn(epochKey, { text }) {
    const { epoch, message } = verifyCheckIn(epochKey, fromQrText(text));
    return { epoch, u: signedPassParts(message).u };
  },
  verifyVenue({ domain }, { joint }) {
    const { name, url } = verifyVenue(domain, encoded(JointStatement)(joint));
    return { name, url };
  },
};

function answer({ operation, epoch, values }) {
  const domain = encoded(Domain)(epoch.domain);
  const epochKey = verifyEpoch(domain, epoch.epoch, hex(epoch.operator_statement), hex(epoch.authority_statement));
  return OPERATIONS[operation](epochKey, values);
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = { result: plain(answer(JSON.parse(line))) };
  } catch (error) {
    if (!(error instanceof SplitPassError)) throw error;
    reply = { error: error.name };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
