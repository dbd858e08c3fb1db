import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { B, Point, Scalar } from '../../protocol/primitives/group.js';
import {
  ANSWER_NONCE,
  AllowanceRequest,
  PassAnswers,
  acceptAnswer,
  answerData,
  answerKey,
  passBytes,
  passStatement,
  requestAllowance,
} from '../../protocol/passes.js';
import { IssueBatch, issueBatch, issuePass, issuingSteps, verifyAllowance } from '../parties/passes.js';
import { draws, encoded, hex, point, scalar } from './values.js';

const checkAnswer = [
  { r0: scalar, u0: point, v0: point, answer: hex },
  ({ r0, u0, v0, answer }, epochKey) => {
    const owned = acceptAnswer(epochKey, { r0, u0, v0 }, answer);
    return { pass: passBytes(owned.public), r: owned.r };
  },
];

export default {
  'pass-request': {
    make: [
      { h: scalar, random: draws },
      ({ h, random }, epochKey) => ({
        request: AllowanceRequest.toBytes(requestAllowance(epochKey, h, random).request),
      }),
    ],
    steps: ({ h, random }, epochKey) => {
      const { pending, request } = requestAllowance(epochKey, h, random);
      return {
        r0: pending.map((one) => one.r0),
        u0: pending.map((one) => one.u0),
        v0: pending.map((one) => one.v0),
        ownership: request.requests.map((one) => one.ownership),
        encryptions: request.encryptions,
      };
    },
    check: [
      { handle: point, request: encoded(AllowanceRequest) },
      ({ handle, request }, epochKey) => ({ requests: verifyAllowance(epochKey, handle, request) }),
    ],
  },
  issuing: {
    make: [
      { pass_seed: hex, request: hex, random: draws },
      ({ pass_seed, request, random }, epochKey) => ({ answer: issuePass(epochKey, pass_seed, request, random) }),
    ],
    steps: ({ pass_seed, request, random }, epochKey) => {
      const { statement, data, ...others } = issuingSteps(epochKey, pass_seed, request, random);
      return { ...others, pass_statement: statement, associated_data: data };
    },
    check: checkAnswer,
  },
  'issue-batch': {
    check: [
      { pass_seed: hex, batch: encoded(IssueBatch), random: draws },
      ({ pass_seed, batch, random }, epochKey) => ({
        answers: PassAnswers.toBytes(issueBatch(epochKey, pass_seed, batch, random)),
      }),
    ],
  },
  acceptance: {
    steps: ({ r0, u0, v0, answer }, epochKey) => {
      const E = Point.fromBytes(answer.subarray(0, 32));
      const shared = r0.times(E);
      const key = answerKey(epochKey, E, u0, shared);
      const data = answerData(epochKey, u0, v0);
      const plaintext = xchacha20poly1305(key, ANSWER_NONCE, data).decrypt(answer.subarray(32));
      const c = Scalar.fromBytes(plaintext.subarray(0, 32));
      const u = u0.plus(c.times(B));
      const v = v0.plus(c.times(epochKey.X));
      const statement = passStatement(epochKey, u.toBytes(), v.toBytes());
      return { shared, key, associated_data: data, c, u, v, pass_statement: statement };
    },
    check: checkAnswer,
  },
};
