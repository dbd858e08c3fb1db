import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
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
import { B, Point, Scalar } from '../../protocol/primitives/group.js';
import { IssueBatch, issueBatch, issuePass, issuingSteps, verifyAllowance } from '../parties/passes.js';
import { call, key } from './call.js';
import { epochKey, h, handle, passSeed, r0, random, u0, v0 } from './keys.js';
import { encoded, hex } from './values.js';

const answer = key('answer', hex);
const request = key('request', hex);

const checkAnswer = call([epochKey, r0, u0, v0, answer], (epochKey, r0, u0, v0, answer) => {
  const owned = acceptAnswer(epochKey, { r0, u0, v0 }, answer);
  return { pass: passBytes(owned.public), r: owned.r };
});

export default {
  'pass-request': {
    make: call([epochKey, h, random], requestAllowance, ({ request }) => ({
      request: AllowanceRequest.toBytes(request),
    })),
    steps: call([epochKey, h, random], requestAllowance, ({ pending, request }) => ({
      r0: pending.map((pass) => pass.r0),
      u0: pending.map((pass) => pass.u0),
      v0: pending.map((pass) => pass.v0),
      ownership: request.requests.map((pass) => pass.ownership),
      encryptions: request.encryptions,
    })),
    check: call([epochKey, handle, key('request', encoded(AllowanceRequest))], verifyAllowance, (requests) => ({
      requests,
    })),
  },
  issuing: {
    make: call([epochKey, passSeed, request, random], issuePass, (answer) => ({ answer })),
    steps: call([epochKey, passSeed, request, random], issuingSteps, (steps) => {
      const { statement, data, ...others } = steps ?? {};
      return { ...others, pass_statement: statement, associated_data: data };
    }),
    check: checkAnswer,
  },
  'issue-batch': {
    check: call([epochKey, passSeed, key('batch', encoded(IssueBatch)), random], issueBatch, (answers) => ({
      answers: PassAnswers.toBytes(answers),
    })),
  },
  acceptance: {
    steps: call([epochKey, r0, u0, v0, answer], (epochKey, r0, u0, v0, answer) => {
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
    }),
    check: checkAnswer,
  },
};
