/**
 * What can be wrong with bytes that another party sent. Spec: §4.1.
 *
 * `Malformed`: no honest party would have produced these bytes. `Rejected`: well formed, but a rule of the
 * protocol refuses it. Messages name the rule and never contain a secret or an identity.
 */

/** Base of every error that the protocol raises on purpose; `name` is the name of its class. */
export class SplitPassError extends Error {
  get name() {
    return this.constructor.name;
  }
}

/** Bytes that are not the encoding of what they are said to be. */
export class Malformed extends SplitPassError {}

/** Not 32 bytes, not canonical, outside the prime-order subgroup, or the identity. */
export class MalformedPoint extends Malformed {}

/** Not 32 bytes, or not below the group order L. */
export class MalformedScalar extends Malformed {}

/** Not the one deterministic CBOR encoding of a message of the expected type. */
export class MalformedEncoding extends Malformed {}

/** Not the text of a SplitPass QR code. */
export class MalformedText extends Malformed {}

/** Not a signed note, or not the text of a log's checkpoint. */
export class MalformedNote extends Malformed {}

/** Arithmetic on valid points gave the identity, which no value of the protocol may be. */
export class IdentityElement extends SplitPassError {}

/** Well formed, but refused by a rule of the protocol. */
export class Rejected extends SplitPassError {}

/** A signature does not hold under the key that the protocol expects. */
export class InvalidSignature extends Rejected {}

/** A zero-knowledge proof does not hold for its statement. */
export class InvalidProof extends Rejected {}

/** A statement names another party or role than the one it was verified for. */
export class WrongParty extends Rejected {}

/** A message names another domain. */
export class WrongDomain extends Rejected {}

/** A message belongs to another epoch. */
export class WrongEpoch extends Rejected {}

/** A notice or disclosure has another number than the one that was asked for. */
export class WrongNumber extends Rejected {}

/** One party signed two different statements for one epoch or number. Both together are evidence of cheating. */
export class ConflictingStatements extends Rejected {}

/** What a party says it put on record is not in its log. */
export class NotLogged extends Rejected {}

/** Two checkpoints of a log are not of one list that only grows. Both together are evidence of cheating. */
export class InconsistentLog extends Rejected {}

/** A directory entry cannot be opened with its handle, or holds a record that is not the handle's. */
export class InvalidEntry extends Rejected {}

/** A directory receipt does not cover the entry it came with. */
export class InvalidReceipt extends Rejected {}

/** A pass answer could not be used. Every cause looks the same, so that a failure tells nobody anything. */
export class InvalidAnswer extends Rejected {}

/** A notice is not over its list, or warns others than those who may be warned. */
export class InvalidNotice extends Rejected {}

/** A client asked for another number of passes than everyone asks for, or for one pass twice. */
export class WrongAllowance extends Rejected {}

/** A check-in or release lies outside the warrant's venue, window or validity. */
export class OutOfScope extends Rejected {}

/** A release does not fit what its venue had committed to. */
export class CommitmentMismatch extends Rejected {}

/** A venue committed to a check-in later than it may. */
export class CommittedLate extends Rejected {}

/** A request between parties is too old, too new, or was seen before. */
export class ReplayedRequest extends Rejected {}

/** A party's decryption shares do not match the key share that it published. */
export class FaultyShares extends Rejected {}
