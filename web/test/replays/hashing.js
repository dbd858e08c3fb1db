import { digest, digest32, frame, hashToScalar, nonce, tag } from '../../protocol/primitives/hashing.js';
import { call, key } from './call.js';
import { name, random, statement } from './keys.js';
import { asciiInHex, hex, list, scalar } from './values.js';

export default {
  hashing: {
    check: call([name, key('parts', list(hex))], (name, parts) => ({
      tag: tag(name),
      frame: frame(name, ...parts),
      digest: digest(name, ...parts),
      digest32: digest32(name, ...parts),
      scalar: hashToScalar(name, ...parts),
    })),
  },
  nonces: {
    check: call([random, key('label', asciiInHex), key('secret', scalar), statement], nonce, (nonce) => ({ nonce })),
  },
};
