/** The transparency logs of a domain: who signs and cosigns them, and what an entry in one proves. Spec: §3.11. */

import { bytesToHex } from '@noble/hashes/utils.js';
import { array, bytes, message, sameBytes, uint32 } from '../primitives/encoding.js';
import { publishedStatement } from './logEntries.js';
import { Domain, Role, identityKey } from '../epochs.js';
import { InconsistentLog, NotLogged } from '../primitives/errors.js';
import { HASH_BYTES, leafHash, verifyConsistency, verifyInclusion } from './merkle.js';
import { MAX_NOTE_BYTES, verifyCheckpoint, verifyCosignature } from './signedNotes.js';
import { statementPayload } from '../primitives/statements.js';
import { digest32 } from '../primitives/hashing.js';

/** That an entry is in a log: `proof` leads from the entry at `index` to the root of a witnessed checkpoint. */
export const Inclusion = message({
  index: uint32,
  entry: bytes(1, 2 ** 16 - 1),
  checkpoint: bytes(1, MAX_NOTE_BYTES),
  proof: array(bytes(HASH_BYTES), 0, 63),
});

/** The name of a party's log, and of the party as a witness. @returns {string} */
export function logOrigin(domain, role) {
  const name = bytesToHex(digest32('log-origin', Domain.toBytes(domain)).slice(0, 8));
  return `splitpass/${name}/${role === Role.OPERATOR ? 'operator' : 'authority'}`;
}

/**
 * A party's checkpoint with the other party's cosignature, and when that was last given.
 * @param {object} domain @param {number} role @param {Uint8Array} note
 * @returns {{ checkpoint: { origin: string, size: number, root: Uint8Array }, time: number }}
 * @throws {MalformedNote | InvalidSignature | WrongParty}
 */
export function verifyWitnessed(domain, role, note) {
  const checkpoint = verifyCheckpoint(note, logOrigin(domain, role), identityKey(domain, role));
  const witness = role === Role.OPERATOR ? Role.AUTHORITY : Role.OPERATOR;
  return { checkpoint, time: verifyCosignature(note, logOrigin(domain, witness), identityKey(domain, witness)) };
}

/**
 * Throw unless `later` continues `earlier`, both verified checkpoints of one log.
 * @throws {InconsistentLog}
 */
export function checkConsistency(earlier, later, proof) {
  if (!verifyConsistency(earlier.size, earlier.root, later.size, later.root, proof)) {
    throw new InconsistentLog(`${later.size} entries do not continue the ${earlier.size} before`);
  }
}

/**
 * The checkpoint that proves a party's statement of an epoch to be in its log.
 * @param {object} domain @param {number} role @param {Uint8Array} statement @param {object} inclusion an `Inclusion`
 * @throws {Malformed | InvalidSignature | WrongParty | NotLogged}
 */
export function verifyLoggedEpoch(domain, role, statement, inclusion) {
  const witnessed = verifyWitnessed(domain, role, inclusion.checkpoint);
  const { index, entry, proof } = inclusion;
  const { size, root } = witnessed.checkpoint;
  if (!verifyInclusion(leafHash(entry), index, size, proof, root)) throw new NotLogged('the entry is not in the log');
  const said = publishedStatement(entry);
  if (said === null || !sameBytes(statementPayload(said), statementPayload(statement))) {
    throw new NotLogged('the log has another statement than the one that was shown');
  }
  return witnessed;
}
