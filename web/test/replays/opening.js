import { Role } from '../../protocol/epochs.js';
import { createEpochShares, openRelease, sharesContext, signShares, verifyPartyShares } from '../parties/opening.js';
import { call, key } from './call.js';
import { random, role, seed, statement } from './keys.js';
import { releaseKeys, verifiedRelease } from './releases.js';
import { hex, scalar } from './values.js';

const authorityShares = key('authority_shares', hex);
const operatorShares = key('operator_shares', hex);
const share = key('share', scalar);

export default {
  shares: {
    make: call(
      [seed, share, random, role, ...releaseKeys],
      (seed, share, random, role, epochKey, ...given) => {
        const release = verifiedRelease(epochKey, ...given);
        const shares = createEpochShares(epochKey, role, release, share, random);
        return { statement: signShares(epochKey.domain, role, release, [shares], seed) };
      },
    ),
    steps: call([share, random, role, ...releaseKeys], (share, random, role, epochKey, ...given) => {
      const release = verifiedRelease(epochKey, ...given);
      const { passes, shares, proof } = createEpochShares(epochKey, role, release, share, random);
      return { context: sharesContext(epochKey, role, release), passes, shares, proof };
    }),
    check: call([role, statement, ...releaseKeys], (role, statement, epochKey, ...given) => {
      const { domain, epoch } = epochKey;
      const release = verifiedRelease(epochKey, ...given);
      const verified = verifyPartyShares(domain, role, release, new Map([[epoch, epochKey]]), statement);
      return {
        shares: [...verified].flatMap(([epoch, shares]) => [...shares].sort().map(([u, D]) => ({ epoch, u, D }))),
      };
    }),
  },
  opening: {
    check: call(
      [operatorShares, authorityShares, ...releaseKeys],
      (operatorShares, authorityShares, epochKey, ...given) => {
        const { domain, epoch } = epochKey;
        const release = verifiedRelease(epochKey, ...given);
        const keys = new Map([[epoch, epochKey]]);
        const operator = verifyPartyShares(domain, Role.OPERATOR, release, keys, operatorShares);
        const authority = verifyPartyShares(domain, Role.AUTHORITY, release, keys, authorityShares);
        return { opened: openRelease(release, operator, authority) };
      },
    ),
  },
};
