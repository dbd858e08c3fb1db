/**
 * What a wallet holds, as messages: strict to decode, as in the client in Python. Spec: §6.1.
 *
 * @import { Decoded } from '../protocol/primitives/encoding.js'
 * @import { OwnedPass } from '../protocol/passes.js'
 */

import { HandleRegistration } from '../protocol/handles.js';
import { Decision, Session, name, phone } from '../protocol/httpMessages.js';
import { PASS_BYTES, passBytes } from '../protocol/passes.js';
import {
  array,
  byteEncoded,
  bytes,
  enumeration,
  integer,
  message,
  optional,
  text,
  uint32,
} from '../protocol/primitives/encoding.js';
import { Scalar } from '../protocol/primitives/group.js';
import { Venue } from '../protocol/warrants.js';

export const MAX_PASSES = 1000;
/** Today, and as far ahead as passes are fetched. */
export const MAX_DAYS = 32;
export const MAX_VISITS = 2 ** 13;
export const MAX_PAPERS = 2 ** 13;
export const MAX_PAST = 2 ** 16;

/** Who the operator verified, when (Unix time), and its session. @typedef {Decoded<typeof Account>} Account */
export const Account = message({ phone, name, session: Session, verifiedAt: uint32 });

/** A pass (`u || v || signature`) and its signing key `r`. @typedef {Decoded<typeof StoredPass>} StoredPass */
export const StoredPass = message({ public: bytes(PASS_BYTES), r: byteEncoded(Scalar) });

/**
 * A day's handle secret `h`, kept until its passes are issued. `granted` is 1 when the handle was granted, 0 before.
 * @typedef {Decoded<typeof PendingHandle>} PendingHandle
 */
export const PendingHandle = message({
  h: byteEncoded(Scalar),
  registration: HandleRegistration,
  granted: integer(0, 1),
});

/**
 * An epoch's unused passes. `nextAt` is the Unix time that was drawn for the next step. `pending` is null before the
 * first step, and when the answer has come; `issued` is how many passes this held, null before.
 * @typedef {Decoded<typeof Day>} Day
 */
export const Day = message({
  epoch: uint32,
  nextAt: uint32,
  pending: optional(PendingHandle),
  passes: array(StoredPass, 0, MAX_PASSES),
  issued: optional(integer(0, MAX_PASSES)),
});

/**
 * A pass that was used, or may have been: nobody tells a phone whether its code was read.
 *
 * `group` is the same for all who went together. `entered` and `left` are Unix times of the first entry and the latest
 * exit label. In scan mode `venue` is the venue's record and `answer` what its door said to the entry, null if no
 * answer came; both are null in present mode. `exitPass` is kept for as long as an exit may be made.
 * @typedef {Decoded<typeof Visit>} Visit
 */
export const Visit = message({
  epoch: uint32,
  u: bytes(32),
  group: bytes(16),
  entered: uint32,
  venue: optional(Venue),
  answer: optional(enumeration(Decision)),
  left: optional(uint32),
  exitPass: optional(StoredPass),
});

/**
 * A pass (its `u`) that was printed, or that is forgotten but for this.
 * @typedef {Decoded<typeof UsedPass>} UsedPass
 */
export const UsedPass = message({ epoch: uint32, u: bytes(32) });

/**
 * Keys and what they were used for: days in order of epoch, visits in order of time, papers in that of printing.
 * @typedef {Decoded<typeof Wallet>} Wallet
 */
export const Wallet = message({
  account: optional(Account),
  days: array(Day, 0, MAX_DAYS),
  visits: array(Visit, 0, MAX_VISITS),
  papers: array(UsedPass, 0, MAX_PAPERS),
  past: array(UsedPass, 0, MAX_PAST),
});

/** @type {Wallet} */
export const EMPTY = Object.freeze({ account: null, days: [], visits: [], papers: [], past: [] });

/** What is stored of a pass. @param {OwnedPass} owned @returns {StoredPass} */
export const storedPass = (owned) => ({ public: passBytes(owned.public), r: owned.r });

/** The one-time public key, 32 bytes. @param {StoredPass} stored */
export const publicKeyOf = (stored) => stored.public.slice(0, 32);

/** The pass as the protocol uses it. @param {StoredPass} stored @returns {OwnedPass} */
export const ownedPass = ({ public: encoding, r }) => ({
  public: { u: encoding.slice(0, 32), v: encoding.slice(32, 64), signature: encoding.slice(64) },
  r,
});

/**
 * An advice and the number of the notice that it is from, about one pass.
 * @typedef {Decoded<typeof FoundNotice>} FoundNotice
 */
export const FoundNotice = message({ u: bytes(32), number: uint32, advice: text(0, 1000) });

/** A warrant under which one pass was opened. @typedef {Decoded<typeof FoundOpening>} FoundOpening */
export const FoundOpening = message({ u: bytes(32), warrantId: bytes(16), legalReference: text(1, 256) });
