/**
 * @import { Point, Scalar } from '../../protocol/primitives/group.js'
 * @import { Draws } from './values.js'
 */

import { InvalidProof } from '../../protocol/primitives/errors.js';
import { B } from '../../protocol/primitives/group.js';
import { encodings, frame, hashToScalar, nonce } from '../../protocol/primitives/hashing.js';
import {
  EqualityProof,
  KnowledgeProof,
  OwnershipProof,
  batch,
  combine,
  proveEncryptions,
  proveKnowledge,
  proveOwnership,
  sum,
  verifyEncryptions,
  verifyKnowledge,
  verifyOwnership,
} from '../../protocol/primitives/proofs.js';
import { proveShares, verifyShares } from '../parties/opening.js';
import { call, key } from './call.js';
import { D, U, X, context, h, name, r0, random, u, u0, u0List, v0, v0List, x } from './keys.js';
import { encoded, list, scalar } from './values.js';

const r0List = key('r0', list(scalar));
const equalityProof = key('proof', encoded(EqualityProof));

/** @param {boolean} holds */
const requireProof = (holds) => {
  if (!holds) throw new InvalidProof('the proof does not hold');
  return {};
};

/** @param {unknown} proof */
const made = (proof) => ({ proof });

/**
 * An equality proof, step by step.
 * @param {string} name @param {Uint8Array} seed @param {Scalar} w
 * @param {Point} G @param {Point} H @param {Point} P @param {Point} Q @param {Draws} random
 */
function equalitySteps(name, seed, w, G, H, P, Q, random) {
  const statement = frame(`${name}/equality`, seed, encodings(G, H, P, Q));
  const k = nonce(random, 'w', w, statement);
  const commitments = [k.times(G), k.times(H)];
  const challenge = hashToScalar('challenge', statement, encodings(...commitments));
  return { statement, k, commitments, challenge, response: k.plus(challenge.times(w)) };
}

export default {
  'knowledge-proof': {
    make: call([name, context, x, X, random], proveKnowledge, made),
    steps: call([name, context, x, X, random], (name, context, x, X, random) => {
      const statement = frame(`${name}/knowledge`, context, encodings(B, X));
      const k = nonce(random, 'x', x, statement);
      const commitment = k.times(B);
      const challenge = hashToScalar('challenge', statement, encodings(commitment));
      return { statement, k, commitment, challenge, response: k.plus(challenge.times(x)) };
    }),
    check: call([name, context, X, key('proof', encoded(KnowledgeProof))], verifyKnowledge, requireProof),
  },
  'ownership-proof': {
    make: call([context, r0, h, X, u0, v0, random], proveOwnership, made),
    steps: call([context, r0, h, X, u0, v0, random], (context, r0, h, X, u0, v0, random) => {
      const statement = frame('pass-request/ownership', context, encodings(B, X, u0, v0));
      const kR = nonce(random, 'r0', r0, statement);
      const kH = nonce(random, 'h', h, statement);
      const commitments = [kR.times(B), kH.times(B).plus(kR.times(X))];
      const challenge = hashToScalar('challenge', statement, encodings(...commitments));
      const responses = [kR.plus(challenge.times(r0)), kH.plus(challenge.times(h))];
      return { statement, k_r: kR, k_h: kH, commitments, challenge, responses };
    }),
    check: call([context, X, u0, v0, key('proof', encoded(OwnershipProof))], verifyOwnership, requireProof),
  },
  'encryptions-proof': {
    make: call([context, r0List, X, U, u0List, v0List, random], proveEncryptions, made),
    steps: call([context, r0List, X, U, u0List, v0List, random], (context, r0, X, U, u0, v0, random) => {
      const [seed, a] = batch('allowance', context, [B, X, U], u0, v0);
      const w = sum(a.map((aI, i) => aI.times(r0[i])));
      const P = w.times(B);
      const Q = w.times(X);
      return { seed, coefficients: a, w, P, Q, ...equalitySteps('allowance', seed, w, B, X, P, Q, random) };
    }),
    check: call([context, X, U, u0List, v0List, equalityProof], verifyEncryptions, requireProof),
  },
  'shares-proof': {
    make: call([context, x, X, u, D, random], proveShares, made),
    steps: call([context, x, X, u, D, random], (context, x, X, u, D, random) => {
      const [seed, a] = batch('shares', context, [B, X], u, D);
      const M = combine(a, u);
      const Z = combine(a, D);
      return { seed, coefficients: a, M, Z, ...equalitySteps('shares', seed, x, B, M, X, Z, random) };
    }),
    check: call([context, X, u, D, equalityProof], verifyShares, requireProof),
  },
};
