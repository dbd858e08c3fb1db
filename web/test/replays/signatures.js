import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { InvalidSignature } from '../../protocol/primitives/errors.js';
import { B, Scalar } from '../../protocol/primitives/group.js';
import { signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { nonce } from '../../protocol/primitives/hashing.js';
import { draws, hex, scalar } from './values.js';

const check = [
  { public: hex, message: hex, signature: hex },
  ({ public: publicKey, message, signature }) => {
    if (!verify(publicKey, message, signature)) throw new InvalidSignature('the signature does not hold');
  },
];

export default {
  'ed25519-rule': { check },
  'signature-with-scalar': {
    make: [
      { r: scalar, random: draws, public: hex, message: hex },
      ({ r, random, public: u, message }) => ({ signature: signWithScalar(r, u, message, random) }),
    ],
    steps: ({ r, random, public: u, message }) => {
      const k = nonce(random, 'signature', r, concatBytes(u, message));
      const R = k.times(B).toBytes();
      return { k, R, challenge: Scalar.reduce(sha512(concatBytes(R, u, message))) };
    },
    check,
  },
};
