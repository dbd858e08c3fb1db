/**
 * The epoch that vectors belong to.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { Values } from './call.js'
 */

import assert from 'node:assert/strict';
import { verifyEpoch } from '../../protocol/epochs.js';
import { authorityStatement, domain, epoch, operatorStatement } from './keys.js';
import { plain } from './values.js';

/** The verified epoch of two statements. @param {Values} statements @returns {EpochKey} */
export function epochKeyOf(statements) {
  return verifyEpoch(
    domain.decode(statements[domain.name]),
    epoch.decode(statements[epoch.name]),
    operatorStatement.decode(statements[operatorStatement.name]),
    authorityStatement.decode(statements[authorityStatement.name]),
  );
}

/** The epoch of a file's `setting`, which also has the keys that the statements give. @param {Values} setting */
export function epochKeyOfSetting(setting) {
  const names = [domain, epoch, operatorStatement, authorityStatement].map((key) => key.name);
  const verified = epochKeyOf(setting);
  const { X, passKey, context } = verified;
  const shown = Object.fromEntries(Object.entries(setting).filter(([name]) => !names.includes(name)));
  assert.deepEqual(shown, plain({ X, pass_key: passKey, context }));
  return verified;
}
