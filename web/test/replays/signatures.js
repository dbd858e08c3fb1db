import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { InvalidSignature } from '../../protocol/primitives/errors.js';
import { B, Scalar } from '../../protocol/primitives/group.js';
import { nonce } from '../../protocol/primitives/hashing.js';
import { signWithScalar, verify } from '../../protocol/primitives/signatures.js';
import { call, key } from './call.js';
import { publicKey, r, random } from './keys.js';
import { hex } from './values.js';

const message = key('message', hex);

const check = call([publicKey, message, key('signature', hex)], verify, (holds) => {
  if (!holds) throw new InvalidSignature('the signature does not hold');
  return {};
});

export default {
  'ed25519-rule': { check },
  'signature-with-scalar': {
    make: call([r, publicKey, message, random], signWithScalar, (signature) => ({ signature })),
    steps: call([r, publicKey, message, random], (r, u, message, random) => {
      const k = nonce(random, 'signature', r, concatBytes(u, message));
      const R = k.times(B).toBytes();
      return { k, R, challenge: Scalar.reduce(sha512(concatBytes(R, u, message))) };
    }),
    check,
  },
};
