/**
 * How each file of `spec/vectors/` is replayed, by its name without `.json`.
 *
 * `check` and `make` are pairs: how each key's value is decoded, and what is done with the values. `steps` computes the
 * intermediate values from all keys of both.
 */

import assisted from './assistedCheckIns.js';
import checkins from './checkIns.js';
import encoding from './encoding.js';
import epochs from './epochs.js';
import group from './group.js';
import handles from './handles.js';
import logs from './logs.js';
import notices from './notices.js';
import opening from './opening.js';
import papers from './paperPasses.js';
import passes from './passes.js';
import proofs from './proofs.js';
import releases from './releases.js';
import requests from './partyRequests.js';
import signatures from './signatures.js';
import statements from './statements.js';
import transcript from './hashing.js';
import warrants from './warrants.js';

export const REPLAYS = {
  ...group,
  ...encoding,
  ...transcript,
  ...proofs,
  ...signatures,
  ...statements,
  ...epochs,
  ...handles,
  ...passes,
  ...checkins,
  ...papers,
  ...assisted,
  ...warrants,
  ...releases,
  ...notices,
  ...opening,
  ...requests,
  ...logs,
};
