import { digest, digest32, frame, hashToScalar, nonce, tag } from '../../protocol/primitives/hashing.js';
import { draws, hex, list, scalar, string } from './values.js';

const ascii = (value) => String.fromCharCode(...hex(value));

export default {
  hashing: {
    check: [
      { name: string, parts: list(hex) },
      ({ name, parts }) => ({
        tag: tag(name),
        frame: frame(name, ...parts),
        digest: digest(name, ...parts),
        digest32: digest32(name, ...parts),
        scalar: hashToScalar(name, ...parts),
      }),
    ],
  },
  nonces: {
    check: [
      { random: draws, label: ascii, secret: scalar, statement: hex },
      ({ random, label, secret, statement }) => ({ nonce: nonce(random, label, secret, statement) }),
    ],
  },
};
