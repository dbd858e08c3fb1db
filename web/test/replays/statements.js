/**
 * @import { SignedMessage } from '../../protocol/primitives/encoding.js'
 * @import { Point } from '../../protocol/primitives/group.js'
 */

import assert from 'node:assert/strict';
import { DirectoryReceipt, IdentityRecord } from '../../protocol/handles.js';
import { toBeSigned, verifyStatement } from '../../protocol/primitives/statements.js';
import { sign, signPayload } from '../parties/signing.js';
import { call, key } from './call.js';
import { seed, statement } from './keys.js';
import { hex, point } from './values.js';

/** @template T @param {SignedMessage<T>} kind */
const verifierOf = (kind) => ({
  tag: kind.tag,
  /** @param {Uint8Array} statement @param {Point} key */
  verify: (statement, key) => ({ message: kind.toBytes(verifyStatement(kind, statement, key)) }),
});

const kind = key('kind', (tag) => {
  const found = [verifierOf(DirectoryReceipt), verifierOf(IdentityRecord)].find((verifier) => verifier.tag === tag);
  assert.ok(found, 'an unknown kind');
  return found;
});
const message = key('message', hex);

export default {
  statements: {
    make: call([kind, message, seed], ({ tag }, message, seed) => ({ statement: signPayload(tag, message, seed) })),
    steps: call([kind, message, seed], ({ tag }, message, seed) => {
      const signed = toBeSigned(tag, message);
      return { to_be_signed: signed, signature: sign(seed, signed) };
    }),
    check: call([kind, statement, key('key', point)], ({ verify }, statement, key) => verify(statement, key)),
  },
};
