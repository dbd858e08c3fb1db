/**
 * The messages that visitors, doors and their tests know, by the names of spec §4.2.
 *
 * @import { Message } from '../../protocol/primitives/encoding.js'
 */

import * as assistedCheckIns from '../../protocol/assistedCheckIns.js';
import * as checkIns from '../../protocol/checkIns.js';
import * as deliveries from '../../protocol/deliveries.js';
import * as disclosures from '../../protocol/disclosures.js';
import * as epochs from '../../protocol/epochs.js';
import * as handles from '../../protocol/handles.js';
import * as httpMessages from '../../protocol/httpMessages.js';
import * as notices from '../../protocol/notices.js';
import * as paperPasses from '../../protocol/paperPasses.js';
import * as passes from '../../protocol/passes.js';
import * as statements from '../../protocol/primitives/statements.js';
import * as logEntries from '../../protocol/transparency/logEntries.js';
import * as logs from '../../protocol/transparency/logs.js';
import * as warrants from '../../protocol/warrants.js';
import * as commitmentParties from '../parties/commitments.js';
import * as judgementParties from '../parties/judgements.js';
import * as noticeParties from '../parties/notices.js';
import * as openingParties from '../parties/opening.js';
import * as pageParties from '../parties/pages.js';
import * as paperCheckInParties from '../parties/paperCheckIns.js';
import * as requestParties from '../parties/partyRequests.js';
import * as passParties from '../parties/passes.js';
import * as releaseParties from '../parties/releases.js';

const modules = [
  assistedCheckIns,
  checkIns,
  deliveries,
  disclosures,
  epochs,
  handles,
  httpMessages,
  notices,
  paperPasses,
  passes,
  statements,
  logEntries,
  logs,
  warrants,
  commitmentParties,
  judgementParties,
  noticeParties,
  openingParties,
  pageParties,
  paperCheckInParties,
  requestParties,
  passParties,
  releaseParties,
];
/** @type {Record<string, unknown>} */
const exported = Object.assign({}, ...modules);

/** Messages that only servers send or keep, and parts that are read with what they are in. */
export const NOT_HERE = [
  'DirectoryBatch',
  'DirectoryReceipts',
  'DisclosurePublished',
  'EpochErased',
  'EpochPublished',
  'EpochSecret',
  'EpochShares',
  'NoticePublished',
  'NoticeRequest',
  'OpeningTranscript',
  'PagePublished',
  'ReleaseRequest',
  'SharesReleased',
  'SharesRequest',
  'VenueApplication',
  'WarrantDecided',
];

/** The message of a name; undefined if it is not here. @param {string} kind */
export const messageOf = (kind) => /** @type {Message<object> | undefined} */ (exported[kind]);
