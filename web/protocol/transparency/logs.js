/**
 * The transparency logs of a domain: who signs and cosigns them, and what an entry in one proves. Spec: §3.11.
 *
 * @import { Decoded } from '../primitives/encoding.js'
 * @import { Checkpoint } from './signedNotes.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { Domain, Role, identityKey } from '../epochs.js';
import { array, bytes, message, sameBytes, uint32 } from '../primitives/encoding.js';
import { InconsistentLog, NotLogged } from '../primitives/errors.js';
import { digest32 } from '../primitives/hashing.js';
import { statementPayload } from '../primitives/statements.js';
import { publishedStatement } from './logEntries.js';
import { HASH_BYTES, leafHash, verifyConsistency, verifyInclusion } from './merkle.js';
import { MAX_NOTE_BYTES, verifyCheckpoint, verifyCosignature } from './signedNotes.js';

/**
 * That an entry is in a log: `proof` leads from the entry at `index` to the root of a witnessed checkpoint.
 * @typedef {Decoded<typeof Inclusion>} Inclusion
 */
export const Inclusion = message({
  index: uint32,
  entry: bytes(1, 2 ** 16 - 1),
  checkpoint: bytes(1, MAX_NOTE_BYTES),
  proof: array(bytes(HASH_BYTES), 0, 63),
});

/**
 * A checkpoint that its log signed and the other party cosigned, last at Unix time `time`.
 * @typedef {{ checkpoint: Checkpoint, time: number }} WitnessedCheckpoint
 */

/**
 * The name of a party's log, and of the party as a witness. Spec: §3.11, Witnessing.
 * @param {Domain} domain @param {Role} role @returns {string}
 */
export function logOrigin(domain, role) {
  const name = bytesToHex(digest32('log-origin', Domain.toBytes(domain)).slice(0, 8));
  return `splitpass/${name}/${role === Role.OPERATOR ? 'operator' : 'authority'}`;
}

/**
 * The party that witnesses a party's log. Spec: §3.11, Witnessing.
 * @param {Role} role @returns {Role}
 */
export function otherParty(role) {
  return role === Role.OPERATOR ? Role.AUTHORITY : Role.OPERATOR;
}

/**
 * A party's checkpoint with the other party's cosignature, and when that was last given. Spec: §3.11, Witnessing.
 * @param {Domain} domain @param {Role} role @param {Uint8Array} note at most 128 KiB
 * @returns {WitnessedCheckpoint}
 * @throws {MalformedNote | InvalidSignature | WrongParty}
 */
export function verifyWitnessed(domain, role, note) {
  const checkpoint = verifyCheckpoint(note, logOrigin(domain, role), identityKey(domain, role));
  const witness = otherParty(role);
  return { checkpoint, time: verifyCosignature(note, logOrigin(domain, witness), identityKey(domain, witness)) };
}

/**
 * Throw unless `later` continues `earlier`, both verified checkpoints of one log. Spec: §3.11, Witnessing.
 * @param {Pick<Checkpoint, 'size' | 'root'>} earlier @param {Pick<Checkpoint, 'size' | 'root'>} later
 * @param {Uint8Array[]} proof hashes of 32 bytes
 * @throws {InconsistentLog}
 */
export function checkConsistency(earlier, later, proof) {
  if (!verifyConsistency(earlier.size, earlier.root, later.size, later.root, proof)) {
    throw new InconsistentLog(`${later.size} entries do not continue the ${earlier.size} before`);
  }
}

/**
 * The checkpoint that proves a party's statement of an epoch to be in its log. Spec: §3.11, What a client checks.
 * @param {Domain} domain @param {Role} role @param {Uint8Array} statement @param {Inclusion} inclusion
 * @returns {WitnessedCheckpoint}
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
