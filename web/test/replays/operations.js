/**
 * How each file of `spec/vectors/` is replayed, by its name without `.json`.
 *
 * @import { Operation } from './call.js'
 */

import assistedCheckIns from './assistedCheckIns.js';
import checkIns from './checkIns.js';
import doors from './doors.js';
import encoding from './encoding.js';
import epochs from './epochs.js';
import group from './group.js';
import handles from './handles.js';
import hashing from './hashing.js';
import logs from './logs.js';
import notices from './notices.js';
import officers from './officers.js';
import opening from './opening.js';
import pages from './pages.js';
import paperPasses from './paperPasses.js';
import partyRequests from './partyRequests.js';
import passes from './passes.js';
import proofs from './proofs.js';
import releases from './releases.js';
import signatures from './signatures.js';
import statements from './statements.js';
import warrants from './warrants.js';

/** @type {Record<string, Operation>} */
export const OPERATIONS = {
  ...group,
  ...encoding,
  ...hashing,
  ...proofs,
  ...signatures,
  ...statements,
  ...epochs,
  ...handles,
  ...passes,
  ...checkIns,
  ...paperPasses,
  ...assistedCheckIns,
  ...doors,
  ...warrants,
  ...releases,
  ...notices,
  ...opening,
  ...partyRequests,
  ...logs,
  ...pages,
  ...officers,
};
