import {
  DirectoryEntry,
  HandleGrant,
  HandleRegistration,
  IdentityRecord,
  directoryIndex,
  directoryKey,
  entryDigest,
  openEntry,
  registerHandle,
  verifyGrant,
  verifyReceipt,
} from '../../protocol/handles.js';
import { frame } from '../../protocol/primitives/hashing.js';
import { pad, sealRecord, signReceipt, verifyRegistration } from '../parties/handles.js';
import { draws, encoded, hex, point } from './values.js';

export default {
  'handle-registration': {
    make: [
      { account: hex, random: draws },
      ({ account, random }, epochKey) => ({
        registration: HandleRegistration.toBytes(registerHandle(epochKey, account, random).registration),
      }),
    ],
    steps: ({ account, random }, epochKey) => {
      const { h, registration } = registerHandle(epochKey, account, random);
      return { h, proof_context: frame('handle', epochKey.context, account), proof: registration.knowledge };
    },
    check: [
      { account: hex, registration: encoded(HandleRegistration) },
      ({ account, registration }, epochKey) => ({ handle: verifyRegistration(epochKey, account, registration) }),
    ],
  },
  'directory-entry': {
    make: [
      { seed: hex, record: encoded(IdentityRecord), random: draws },
      ({ seed, record, random }, epochKey) => ({
        entry: DirectoryEntry.toBytes(sealRecord(epochKey, record, seed, random).entry),
      }),
    ],
    steps: ({ seed, record, random, handle }, epochKey) => {
      const { signed } = sealRecord(epochKey, record, seed, random);
      const index = directoryIndex(epochKey, handle);
      return { signed, padded: pad(signed), index, key: directoryKey(epochKey, handle) };
    },
    check: [
      { handle: point, entry: encoded(DirectoryEntry) },
      ({ handle, entry }, epochKey) => ({ record: IdentityRecord.toBytes(openEntry(epochKey, handle, entry)) }),
    ],
  },
  'directory-receipt': {
    make: [
      { seed: hex, entry: encoded(DirectoryEntry) },
      ({ seed, entry }, epochKey) => ({ receipt: signReceipt(epochKey, entry, seed) }),
    ],
    steps: ({ entry }, epochKey) => ({ entry_digest: entryDigest(epochKey, entry) }),
    check: [
      { entry: encoded(DirectoryEntry), receipt: hex },
      ({ entry, receipt }, epochKey) => verifyReceipt(epochKey, entry, receipt),
    ],
  },
  'handle-grant': {
    check: [
      { handle: point, grant: encoded(HandleGrant) },
      ({ handle, grant }, epochKey) => ({ record: IdentityRecord.toBytes(verifyGrant(epochKey, handle, grant)) }),
    ],
  },
};
