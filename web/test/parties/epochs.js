/**
 * Publishing an epoch's key share. Spec: §3.5.
 *
 * @import { Domain } from '../../protocol/epochs.js'
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 */

import { EpochStatement, Role, possessionContext } from '../../protocol/epochs.js';
import { B, Scalar } from '../../protocol/primitives/group.js';
import { proveKnowledge } from '../../protocol/primitives/proofs.js';
import { publicKey, signStatement } from './signing.js';

/**
 * Draws 64 random bytes for the share, 32 for the authority's pass seed, 32 for the proof.
 * @param {Domain} domain @param {Role} role @param {number} epoch @param {Uint8Array} seed
 * @param {RandomBytes} randomBytes
 */
export function createEpoch(domain, role, epoch, seed, randomBytes) {
  const x = Scalar.random(randomBytes);
  const passSeed = role === Role.AUTHORITY ? randomBytes(32) : null;
  const keyShare = x.times(B);
  const context = possessionContext(domain, role, epoch);
  const possession = proveKnowledge('epoch-share', context, x, keyShare, randomBytes);
  const passKey = passSeed && publicKey(passSeed);
  const said = { domain: domain.number, role, epoch, keyShare, possession, passKey };
  return { x, passSeed, said, statement: signStatement(EpochStatement, said, seed) };
}
