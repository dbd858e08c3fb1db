/**
 * What a set of officers and a vote say, byte for byte. Spec: §6.9.
 *
 * @import { Domain } from '../protocol/epochs.js'
 * @import { Decoded } from '../protocol/primitives/encoding.js'
 */

import { Domain as DomainMessage, Role } from '../protocol/epochs.js';
import { array, bytes, enumeration, message, text, uint32, uint8 } from '../protocol/primitives/encoding.js';
import { MalformedEncoding } from '../protocol/primitives/errors.js';
import { digest32 } from '../protocol/primitives/hashing.js';

/** What is decided on. @typedef {typeof Action[keyof typeof Action]} Action */
export const Action = Object.freeze({ OFFICERS: 1, WARRANT: 2, NOTICE: 3, VENUE: 4, ERASE: 5 });
/** The most bytes of the reason of a refusal. */
export const MAX_REASON = 256;
export const Decision = Object.freeze({ APPROVE: 1, REFUSE: 2 });

const Passkey = message({ credentialId: bytes(1, 1023), publicKey: bytes(1, 2048) });
const Officer = message({ name: text(1, 64), passkeys: array(Passkey, 1, 4) });
const Threshold = message({ action: enumeration(Action), approvals: uint8 });

/**
 * Who may decide, and how many of them each kind of decision needs. `replaces`: the digest of the set before.
 * @typedef {Decoded<typeof OfficerSet>} OfficerSet
 */
export const OfficerSet = message({
  domain: uint8,
  role: enumeration(Role),
  version: uint32,
  replaces: bytes(32),
  origin: text(1, 256),
  officers: array(Officer, 1, 32),
  thresholds: array(Threshold, 1, 5),
});

/**
 * One officer's decision on one payload, which stands for what is to be signed or done. `replaced`: the digest of what
 * it takes the place of, or empty. `version` and `officers` are those of the set of officers.
 * @typedef {Decoded<typeof Vote>} Vote
 */
export const Vote = message(
  {
    role: enumeration(Role),
    action: enumeration(Action),
    decision: enumeration(Decision),
    reason: text(0, MAX_REASON),
    payload: bytes(1, 65_536),
    replaced: bytes(0, 32),
    version: uint32,
    officers: bytes(32),
    nonce: bytes(32),
    expires: uint32,
  },
  ({ replaced }) => {
    if (![0, 32].includes(replaced.length)) throw new MalformedEncoding('what is replaced has a digest of 32 bytes');
  },
);

/** The challenge that a passkey signs for a vote: 32 bytes. @param {Domain} domain @param {Vote} vote */
export const voteChallenge = (domain, vote) => digest32('approval', DomainMessage.toBytes(domain), Vote.toBytes(vote));

/** The digest by which a set of officers is named: 32 bytes. @param {OfficerSet} set */
export const setDigest = (set) => digest32('officers', OfficerSet.toBytes(set));

/** What people compare of a passkey on the telephone: 10 bytes. @param {Decoded<typeof Passkey>} passkey */
export const fingerprintOf = ({ credentialId, publicKey }) => digest32('passkey', credentialId, publicKey).slice(0, 10);
