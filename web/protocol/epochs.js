/**
 * Domains, epoch statements and the joint epoch key. Spec: §3.5.
 *
 * For each epoch each party publishes `X_i = x_i * B` with a proof of possession, signed with its identity key. The
 * joint key is `X = X_operator + X_authority`; no single party knows its logarithm.
 *
 * @import { Decoded } from './primitives/encoding.js'
 */

import {
  byteEncoded,
  enumeration,
  integer,
  message,
  optional,
  sameBytes,
  signedMessage,
  uint32,
  uint8,
} from './primitives/encoding.js';
import { ConflictingStatements, InvalidProof, WrongDomain, WrongEpoch, WrongParty } from './primitives/errors.js';
import { Point } from './primitives/group.js';
import { bigEndian, digest32, frame } from './primitives/hashing.js';
import { KnowledgeProof, verifyKnowledge } from './primitives/proofs.js';
import { statementPayload, verifyStatement } from './primitives/statements.js';

export const EPOCH_SECONDS = 86_400;

/** The two escrow parties. @typedef {typeof Role[keyof typeof Role]} Role */
export const Role = Object.freeze({ OPERATOR: 1, AUTHORITY: 2 });

/**
 * What clients and venues pin: one (operator, authority) pair and the rules that all its users share.
 *
 * `number`: what check-ins call the domain. `operatorKey`, `authorityKey`: Ed25519 identity keys. `utcOffset`: seconds
 * that the domain's days are ahead of UTC. `allowance`: passes in one request, the same for everyone.
 * @typedef {Decoded<typeof Domain>} Domain
 */
export const Domain = message({
  number: uint8,
  operatorKey: byteEncoded(Point),
  authorityKey: byteEncoded(Point),
  utcOffset: integer(-50_400, 50_400),
  allowance: integer(1, 1000),
});

/**
 * What a party says of its part of an epoch. `passKey` is the authority's alone, null in the operator's.
 * @typedef {Decoded<typeof EpochStatement>} EpochStatement
 */
export const EpochStatement = signedMessage('epoch-statement', {
  domain: uint8,
  role: enumeration(Role),
  epoch: uint32,
  keyShare: byteEncoded(Point),
  possession: byteEncoded(KnowledgeProof),
  passKey: optional(byteEncoded(Point)),
});

/**
 * The verified keys of an epoch; made by `verifyEpoch` alone.
 *
 * `X` is the joint key, `shares` the two `X_i` by role, `passKey` what passes are signed with. `context` (32 bytes)
 * stands for both statements and the domain in every proof, signature and derivation of the epoch: whoever is shown
 * other keys has another context, and nothing fits.
 * @typedef {object} EpochKey
 * @property {Domain} domain
 * @property {number} epoch
 * @property {Point} X
 * @property {Record<Role, Point>} shares
 * @property {Point} passKey
 * @property {Uint8Array} context
 */

/**
 * The epoch of a Unix time in seconds: days since 1970-01-01 in the domain's own time. Spec: §3.5, The domain.
 * @param {Domain} domain @param {number} time @returns {number}
 */
export function epochAt(domain, time) {
  return Math.floor((time + domain.utcOffset) / EPOCH_SECONDS);
}

/**
 * The Unix time in seconds at which `epoch` begins. Spec: §3.5, The domain.
 * @param {Domain} domain @param {number} epoch @returns {number}
 */
export function epochBegins(domain, epoch) {
  return epoch * EPOCH_SECONDS - domain.utcOffset;
}

/**
 * The identity key of a party. Spec: §3.5, The domain.
 * @param {Domain} domain @param {Role} role @returns {Point}
 */
export function identityKey(domain, role) {
  return role === Role.OPERATOR ? domain.operatorKey : domain.authorityKey;
}

/**
 * One party's statement of an epoch, checked. Spec: §3.5, Verifying.
 * @param {Domain} domain @param {Role} role @param {number} epoch @param {Uint8Array} statement
 * @returns {EpochStatement}
 * @throws {Malformed | InvalidSignature | WrongDomain | WrongParty | WrongEpoch | InvalidProof}
 */
export function verifyEpochStatement(domain, role, epoch, statement) {
  const said = verifyStatement(EpochStatement, statement, identityKey(domain, role));
  if (said.domain !== domain.number) throw new WrongDomain('the epoch statement is of another domain');
  if (said.role !== role || (said.passKey === null) === (role === Role.AUTHORITY)) {
    throw new WrongParty('the epoch statement is of another role');
  }
  if (said.epoch !== epoch) throw new WrongEpoch('the epoch statement is of another epoch');
  if (!verifyKnowledge('epoch-share', possessionContext(domain, role, epoch), said.keyShare, said.possession)) {
    throw new InvalidProof('the proof of possession does not hold');
  }
  return said;
}

/**
 * The joint key of an epoch from both parties' signed statements. Spec: §3.5, Verifying.
 * @param {Domain} domain @param {number} epoch
 * @param {Uint8Array} operatorStatement @param {Uint8Array} authorityStatement
 * @returns {EpochKey}
 * @throws what `verifyEpochStatement` throws, and `IdentityElement` if the shares cancel
 */
export function verifyEpoch(domain, epoch, operatorStatement, authorityStatement) {
  const operator = verifyEpochStatement(domain, Role.OPERATOR, epoch, operatorStatement);
  const authority = verifyEpochStatement(domain, Role.AUTHORITY, epoch, authorityStatement);
  return Object.freeze({
    domain,
    epoch,
    X: operator.keyShare.plus(authority.keyShare),
    shares: { [Role.OPERATOR]: operator.keyShare, [Role.AUTHORITY]: authority.keyShare },
    passKey: /** @type {Point} */ (authority.passKey), // only an operator's is null
    context: digest32(
      'epoch-context',
      Domain.toBytes(domain),
      EpochStatement.toBytes(operator),
      EpochStatement.toBytes(authority),
    ),
  });
}

/**
 * Throw if two verified statements of one party for one epoch or number differ. Both together are evidence: keep them.
 * Spec: §3.5, Verifying.
 * @param {Uint8Array} known @param {Uint8Array} received
 * @throws {ConflictingStatements}
 */
export function checkSameStatement(known, received) {
  if (!sameBytes(statementPayload(known), statementPayload(received))) {
    throw new ConflictingStatements('one party signed two different statements for one thing');
  }
}

/**
 * What a proof of possession is bound to. Spec: §3.5, Publishing.
 * @param {Domain} domain @param {Role} role @param {number} epoch @returns {Uint8Array}
 */
export function possessionContext(domain, role, epoch) {
  return frame('epoch-share', Domain.toBytes(domain), bigEndian(role, 1), bigEndian(epoch, 4));
}
