/**
 * @import { EpochKey, Role as RoleOf } from '../../protocol/epochs.js'
 * @import { JointStatement } from '../../protocol/primitives/statements.js'
 */

import { Role } from '../../protocol/epochs.js';
import { digest32 } from '../../protocol/primitives/hashing.js';
import { verifyVenue } from '../../protocol/warrants.js';
import { Judgement, decidingCommitments, judgeRelease } from '../parties/judgements.js';
import {
  createEpochShares,
  judgeShares,
  openRelease,
  sharesContext,
  signShares,
  verifyPartyShares,
} from '../parties/opening.js';
import { verifyWarrant } from '../parties/warrants.js';
import { call, key } from './call.js';
import {
  commitments,
  epochKey,
  jointVenue,
  jointWarrant,
  now,
  random,
  release,
  role,
  seed,
  statement,
} from './keys.js';
import { releaseKeys, showRelease } from './releases.js';
import { hex, numbered, scalar } from './values.js';

const authorityCommitments = key('authority_commitments', numbered(hex));
const authorityShares = key('authority_shares', hex);
const operatorCommitments = key('operator_commitments', numbered(hex));
const operatorShares = key('operator_shares', hex);
const share = key('share', scalar);

/** What `judged` takes beside the two parties' commitments. */
const judgedKeys = /** @type {const} */ ([
  epochKey,
  jointWarrant,
  now,
  jointVenue,
  operatorCommitments,
]);

/**
 * The release of a vector, as both parties judge it.
 * @param {EpochKey} epochKey @param {JointStatement} warrant @param {number} now @param {JointStatement} venue
 * @param {Map<number, Uint8Array>} ofOperator @param {Map<number, Uint8Array>} ofAuthority
 * @param {Uint8Array} release
 */
function judged(epochKey, warrant, now, venue, ofOperator, ofAuthority, release) {
  const { domain, epoch } = epochKey;
  const record = verifyWarrant(domain, warrant, now);
  const [operator, authority] = [ofOperator, ofAuthority].map((held) => decidingCommitments(record, held, release));
  const judgement = { release: digest32('release', release), operator, authority };
  return judgeRelease(record, verifyVenue(domain, venue), new Map([[epoch, epochKey]]), judgement, release);
}

/**
 * A party's shares of a vector, and the release as they say that it was judged.
 * @param {RoleOf} role @param {Uint8Array} statement @param {EpochKey} epochKey
 * @param {JointStatement} warrant @param {number} now @param {JointStatement} venue
 * @param {Map<number, Uint8Array>} commitments @param {Uint8Array} release
 */
function sharesOf(role, statement, epochKey, warrant, now, venue, commitments, release) {
  const { domain, epoch } = epochKey;
  const keys = new Map([[epoch, epochKey]]);
  const record = verifyWarrant(domain, warrant, now);
  const named = decidingCommitments(record, commitments, release);
  const registered = verifyVenue(domain, venue);
  const judgedBy = judgeShares(domain, role, record, registered, keys, named, release, statement);
  return { judgedBy, verified: verifyPartyShares(domain, role, judgedBy, keys, statement) };
}

export default {
  'judged-release': {
    check: call([...judgedKeys, authorityCommitments, release], judged, ({ judgement, ...shown }) => ({
      judgement: Judgement.toBytes(judgement),
      ...showRelease(shown),
    })),
  },
  shares: {
    make: call(
      [seed, share, random, role, ...judgedKeys, commitments, release],
      (seed, share, random, role, epochKey, ...given) => {
        const release = judged(epochKey, ...given);
        const shares = createEpochShares(epochKey, role, release, share, random);
        return { statement: signShares(epochKey.domain, role, release, [shares], seed) };
      },
    ),
    steps: call(
      [share, random, role, ...judgedKeys, commitments, release],
      (share, random, role, epochKey, ...given) => {
        const release = judged(epochKey, ...given);
        const { passes, shares, proof } = createEpochShares(epochKey, role, release, share, random);
        return { context: sharesContext(epochKey, role, release), passes, shares, proof };
      },
    ),
    check: call([role, statement, ...releaseKeys], sharesOf, ({ verified }) => ({
      shares: [...verified].flatMap(([epoch, shares]) => [...shares].sort().map(([u, D]) => ({ epoch, u, D }))),
    })),
  },
  opening: {
    check: call([operatorShares, authorityShares, ...releaseKeys], (operatorShares, authorityShares, ...given) => {
      const operator = sharesOf(Role.OPERATOR, operatorShares, ...given);
      const authority = sharesOf(Role.AUTHORITY, authorityShares, ...given);
      return { opened: openRelease(operator.judgedBy, operator.verified, authority.verified) };
    }),
  },
};
