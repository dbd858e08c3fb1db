/** What a party puts on record in its transparency log. Spec: §3.11. */

import { bytes, enumeration, message, uint32 } from '../primitives/encoding.js';
import { statement } from '../primitives/statements.js';

/** What an entry is about. */
const EntryKind = Object.freeze({
  EPOCH_PUBLISHED: 1,
  EPOCH_ERASED: 2,
  WARRANT_DECIDED: 3,
  SHARES_RELEASED: 4,
  NOTICE_PUBLISHED: 5,
  DISCLOSURE_PUBLISHED: 6,
  PAGE_PUBLISHED: 7,
});

const numbered = message({ number: uint32, digest: bytes(32) });

const EpochPublished = message({ statement, eraseBy: uint32 });

/** The message in the body of each kind of entry. */
const BODIES = {
  [EntryKind.EPOCH_PUBLISHED]: EpochPublished,
  [EntryKind.EPOCH_ERASED]: message({ epoch: uint32 }),
  [EntryKind.WARRANT_DECIDED]: message({
    decision: enumeration({ COUNTERSIGNED: 1, REFUSED: 2, WITHDRAWN: 3 }),
    commitment: bytes(32),
  }),
  [EntryKind.SHARES_RELEASED]: message({ count: uint32, discloses: uint32, commitment: bytes(32) }),
  [EntryKind.NOTICE_PUBLISHED]: numbered,
  [EntryKind.DISCLOSURE_PUBLISHED]: numbered,
  [EntryKind.PAGE_PUBLISHED]: numbered,
};

/** One entry of a log: `time` is Unix time, `body` the encoding of the message that `kind` names. */
export const LogEntry = message({ time: uint32, kind: enumeration(EntryKind), body: bytes(1, 4096) });

/**
 * The statement of an epoch that an entry puts on record; null if the entry is about something else.
 * Spec: §3.11, Entries.
 * @param {Uint8Array} entry
 * @returns {Uint8Array | null}
 * @throws {Malformed}
 */
export function publishedStatement(entry) {
  const { kind, body } = LogEntry.fromBytes(entry);
  if (kind === EntryKind.EPOCH_PUBLISHED) return EpochPublished.fromBytes(body).statement;
  BODIES[kind].fromBytes(body);
  return null;
}
