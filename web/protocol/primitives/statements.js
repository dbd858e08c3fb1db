/**
 * Signed statements: COSE_Sign1 with EdDSA, fixed headers and a domain tag as external data. Spec: §3.4.
 *
 * A statement is the tagged COSE_Sign1 structure `18([h'a10127', {}, payload, signature])`. What it is about is in the
 * external data `SplitPass/v1/<tag>`, so that a signature for one kind of statement is worth nothing for another.
 *
 * @import { Decoded, SignedMessage } from './encoding.js'
 * @import { Point } from './group.js'
 */

import { MAX_MESSAGE_BYTES, bytes, decodeItem, encodeItem, message, sameBytes } from './encoding.js';
import { ConflictingStatements, InvalidSignature, MalformedEncoding } from './errors.js';
import { tag } from './hashing.js';
import { SIGNATURE_BYTES, verify } from './signatures.js';

/** The protected header {1: -8}: algorithm EdDSA. */
export const PROTECTED = Uint8Array.of(0xa1, 0x01, 0x27);
export const TAG_18 = 0xd2;

/** A signed statement inside another message. */
export const statement = bytes(80, MAX_MESSAGE_BYTES);

/**
 * One message that both parties of a domain signed.
 * @typedef {Decoded<typeof JointStatement>} JointStatement
 */
export const JointStatement = message({ authority: statement, operator: statement });

/**
 * The message that `key` signed as a statement of this kind. Spec: §3.4, Signed statements.
 * @template T
 * @param {SignedMessage<T>} kind @param {Uint8Array} signed @param {Point} key
 * @returns {T}
 * @throws {Malformed} if the bytes are no such statement
 * @throws {InvalidSignature} if the signature does not hold
 */
export function verifyStatement(kind, signed, key) {
  return kind.fromBytes(verifyPayload(kind, signed, key));
}

/**
 * What `key` signed as a statement of this kind, not yet decoded. Spec: §3.4, Signed statements.
 * @param {{ tag: string }} kind @param {Uint8Array} signed @param {Point} key
 * @returns {Uint8Array}
 * @throws {MalformedEncoding | InvalidSignature}
 */
export function verifyPayload(kind, signed, key) {
  const { payload, signature } = split(signed);
  if (!verify(key.toBytes(), toBeSigned(kind.tag, payload), signature)) {
    throw new InvalidSignature(`the signature of a ${kind.tag} statement does not hold`);
  }
  return payload;
}

/**
 * The encoded message inside a statement, unverified. Spec: §3.4, Signed statements.
 * @param {Uint8Array} signed @returns {Uint8Array} @throws {MalformedEncoding}
 */
export function statementPayload(signed) {
  return split(signed).payload;
}

/**
 * The message that both keys signed as a statement of this kind. Spec: §3.4, Signed statements.
 * @template T
 * @param {SignedMessage<T>} kind @param {JointStatement} joint @param {Point} authority @param {Point} operator
 * @returns {T}
 * @throws {Malformed | InvalidSignature} as `verifyStatement`
 * @throws {ConflictingStatements} if the two parties did not sign the same message
 */
export function verifyJointStatement(kind, joint, authority, operator) {
  const signed = verifyStatement(kind, joint.authority, authority);
  if (!sameBytes(kind.toBytes(verifyStatement(kind, joint.operator, operator)), kind.toBytes(signed))) {
    throw new ConflictingStatements(`the two parties signed different ${kind.tag} statements`);
  }
  return signed;
}

/**
 * What is signed of a statement. Spec: §3.4, Signed statements.
 * @param {string} name @param {Uint8Array} payload @returns {Uint8Array}
 */
export function toBeSigned(name, payload) {
  return encodeItem(['Signature1', PROTECTED, tag(name), payload]);
}

/** @param {Uint8Array} signed */
function split(signed) {
  if (signed[0] !== TAG_18) throw new MalformedEncoding('not a tagged COSE_Sign1 structure');
  const item = decodeItem(signed.subarray(1));
  if (Array.isArray(item) && item.length === 4) {
    const [protectedHeader, unprotected, payload, signature] = item;
    if (
      protectedHeader instanceof Uint8Array &&
      sameBytes(protectedHeader, PROTECTED) &&
      unprotected instanceof Map &&
      unprotected.size === 0 &&
      payload instanceof Uint8Array &&
      signature instanceof Uint8Array &&
      signature.length === SIGNATURE_BYTES
    ) {
      return { payload, signature };
    }
  }
  throw new MalformedEncoding('not a COSE_Sign1 structure with the fixed headers');
}
