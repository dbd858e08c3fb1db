import { DirectoryReceipt, IdentityRecord } from '../../protocol/handles.js';
import { toBeSigned, verifyStatement } from '../../protocol/primitives/statements.js';
import { sign, signPayload } from '../parties/signing.js';
import { hex, point, string } from './values.js';

const kindOf = (tag) => [DirectoryReceipt, IdentityRecord].find((kind) => kind.tag === string(tag));

export default {
  statements: {
    make: [
      { seed: hex, message: hex, kind: kindOf },
      ({ seed, message, kind }) => ({ statement: signPayload(kind.tag, message, seed) }),
    ],
    steps: ({ seed, message, kind }) => {
      const signed = toBeSigned(kind.tag, message);
      return { to_be_signed: signed, signature: sign(seed, signed) };
    },
    check: [
      { kind: kindOf, statement: hex, key: point },
      ({ kind, statement, key }) => ({ message: kind.toBytes(verifyStatement(kind, statement, key)) }),
    ],
  },
};
