import {
  DirectoryEntry,
  HandleGrant,
  HandleRegistration,
  IdentityRecord,
  RECORD_BYTES,
  directoryIndex,
  directoryKey,
  entryDigest,
  openEntry,
  pad,
  registerHandle,
  verifyGrant,
  verifyReceipt,
} from '../../protocol/handles.js';
import { frame } from '../../protocol/primitives/hashing.js';
import { sealRecord, signReceipt, verifyRegistration } from '../parties/handles.js';
import { call, key } from './call.js';
import { accountId, epochKey, handle, random, seed } from './keys.js';
import { encoded, hex } from './values.js';

const entry = key('entry', encoded(DirectoryEntry));
const grant = key('grant', encoded(HandleGrant));
const receipt = key('receipt', hex);
const record = key('record', encoded(IdentityRecord));
const registration = key('registration', encoded(HandleRegistration));

/** @param {IdentityRecord} record */
const shown = (record) => ({ record: IdentityRecord.toBytes(record) });

export default {
  'handle-registration': {
    make: call([epochKey, accountId, random], registerHandle, ({ registration }) => ({
      registration: HandleRegistration.toBytes(registration),
    })),
    steps: call([epochKey, accountId, random], (epochKey, accountId, random) => {
      const { h, registration } = registerHandle(epochKey, accountId, random);
      return { h, proof_context: frame('handle', epochKey.context, accountId), proof: registration.knowledge };
    }),
    check: call([epochKey, accountId, registration], verifyRegistration, (handle) => ({ handle })),
  },
  'directory-entry': {
    make: call([epochKey, record, seed, random], sealRecord, ({ entry }) => ({ entry: DirectoryEntry.toBytes(entry) })),
    steps: call([epochKey, record, seed, random, handle], (epochKey, record, seed, random, handle) => {
      const { signed } = sealRecord(epochKey, record, seed, random);
      const index = directoryIndex(epochKey, handle);
      return { signed, padded: pad(signed, RECORD_BYTES), index, key: directoryKey(epochKey, handle) };
    }),
    check: call([epochKey, handle, entry], openEntry, shown),
  },
  'directory-receipt': {
    make: call([epochKey, entry, seed], signReceipt, (receipt) => ({ receipt })),
    steps: call([epochKey, entry], entryDigest, (digest) => ({ entry_digest: digest })),
    check: call([epochKey, entry, receipt], verifyReceipt),
  },
  'handle-grant': {
    check: call([epochKey, handle, grant], verifyGrant, shown),
  },
};
