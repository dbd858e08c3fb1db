import { InvalidProof } from '../../protocol/primitives/errors.js';
import { B } from '../../protocol/primitives/group.js';
import {
  EqualityProof,
  KnowledgeProof,
  OwnershipProof,
  batch,
  proveEncryptions,
  proveKnowledge,
  proveOwnership,
  sum,
  verifyEncryptions,
  verifyKnowledge,
  verifyOwnership,
} from '../../protocol/primitives/proofs.js';
import { encodings, frame, hashToScalar, nonce } from '../../protocol/primitives/hashing.js';
import { combineShares, proveShares, verifyShares } from '../parties/opening.js';
import { draws, encoded, hex, list, point, scalar, string } from './values.js';

const requireProof = (holds) => {
  if (!holds) throw new InvalidProof('the proof does not hold');
};

const knowledge = { name: string, context: hex, X: point };
const ownership = { context: hex, X: point, u0: point, v0: point };
const encryptions = { context: hex, X: point, U: point, u0: list(point), v0: list(point) };
const shares = { context: hex, X: point, u: list(point), D: list(point) };

/** An equality proof, step by step. */
function equalitySteps(name, seed, w, G, H, P, Q, random) {
  const statement = frame(`${name}/equality`, seed, encodings(G, H, P, Q));
  const k = nonce(random, 'w', w, statement);
  const commitments = [k.times(G), k.times(H)];
  const challenge = hashToScalar('challenge', statement, encodings(...commitments));
  return { statement, k, commitments, challenge, response: k.plus(challenge.times(w)) };
}

export default {
  'knowledge-proof': {
    make: [
      { x: scalar, random: draws, ...knowledge },
      ({ x, random, name, context, X }) => ({ proof: proveKnowledge(name, context, x, X, random) }),
    ],
    steps: ({ x, random, name, context, X }) => {
      const statement = frame(`${name}/knowledge`, context, encodings(B, X));
      const k = nonce(random, 'x', x, statement);
      const commitment = k.times(B);
      const challenge = hashToScalar('challenge', statement, encodings(commitment));
      return { statement, k, commitment, challenge, response: k.plus(challenge.times(x)) };
    },
    check: [
      { ...knowledge, proof: encoded(KnowledgeProof) },
      ({ name, context, X, proof }) => requireProof(verifyKnowledge(name, context, X, proof)),
    ],
  },
  'ownership-proof': {
    make: [
      { r0: scalar, h: scalar, random: draws, ...ownership },
      ({ r0, h, random, context, X, u0, v0 }) => ({ proof: proveOwnership(context, r0, h, X, u0, v0, random) }),
    ],
    steps: ({ r0, h, random, context, X, u0, v0 }) => {
      const statement = frame('pass-request/ownership', context, encodings(B, X, u0, v0));
      const kR = nonce(random, 'r0', r0, statement);
      const kH = nonce(random, 'h', h, statement);
      const commitments = [kR.times(B), kH.times(B).plus(kR.times(X))];
      const challenge = hashToScalar('challenge', statement, encodings(...commitments));
      const responses = [kR.plus(challenge.times(r0)), kH.plus(challenge.times(h))];
      return { statement, k_r: kR, k_h: kH, commitments, challenge, responses };
    },
    check: [
      { ...ownership, proof: encoded(OwnershipProof) },
      ({ context, X, u0, v0, proof }) => requireProof(verifyOwnership(context, X, u0, v0, proof)),
    ],
  },
  'encryptions-proof': {
    make: [
      { r0: list(scalar), random: draws, ...encryptions },
      ({ r0, random, context, X, U, u0, v0 }) => ({ proof: proveEncryptions(context, r0, X, U, u0, v0, random) }),
    ],
    steps: ({ r0, random, context, X, U, u0, v0 }) => {
      const [seed, a] = batch('allowance', context, [B, X, U], u0, v0);
      const w = sum(a.map((aI, i) => aI.times(r0[i])));
      const P = w.times(B);
      const Q = w.times(X);
      return { seed, coefficients: a, w, P, Q, ...equalitySteps('allowance', seed, w, B, X, P, Q, random) };
    },
    check: [
      { ...encryptions, proof: encoded(EqualityProof) },
      ({ context, X, U, u0, v0, proof }) => requireProof(verifyEncryptions(context, X, U, u0, v0, proof)),
    ],
  },
  'shares-proof': {
    make: [
      { x: scalar, random: draws, ...shares },
      ({ x, random, context, X, u, D }) => ({ proof: proveShares(context, x, X, u, D, random) }),
    ],
    steps: ({ x, random, context, X, u, D }) => {
      const { seed, a, M, Z } = combineShares(context, X, u, D);
      return { seed, coefficients: a, M, Z, ...equalitySteps('shares', seed, x, B, M, X, Z, random) };
    },
    check: [
      { ...shares, proof: encoded(EqualityProof) },
      ({ context, X, u, D, proof }) => requireProof(verifyShares(context, X, u, D, proof)),
    ],
  },
};
