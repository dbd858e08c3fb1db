import { Role } from '../../protocol/epochs.js';
import { createEpochShares, openRelease, sharesContext, signShares, verifyPartyShares } from '../parties/opening.js';
import { draws, hex, number, scalar } from './values.js';
import { releaseKeys, verifiedRelease } from './releases.js';

export default {
  shares: {
    make: [
      { seed: hex, share: scalar, random: draws, role: number, ...releaseKeys },
      ({ seed, share, random, role, ...values }, epochKey) => {
        const release = verifiedRelease(values, epochKey);
        const shares = createEpochShares(epochKey, role, release, share, random);
        return { statement: signShares(epochKey.domain, role, release, [shares], seed) };
      },
    ],
    steps: ({ share, random, role, ...values }, epochKey) => {
      const release = verifiedRelease(values, epochKey);
      const { passes, shares, proof } = createEpochShares(epochKey, role, release, share, random);
      return { context: sharesContext(epochKey, role, release), passes, shares, proof };
    },
    check: [
      { ...releaseKeys, role: number, statement: hex },
      ({ role, statement, ...values }, epochKey) => {
        const release = verifiedRelease(values, epochKey);
        const keys = new Map([[epochKey.epoch, epochKey]]);
        const verified = verifyPartyShares(epochKey.domain, role, release, keys, statement);
        return {
          shares: [...verified].flatMap(([epoch, shares]) => [...shares].sort().map(([u, D]) => ({ epoch, u, D }))),
        };
      },
    ],
  },
  opening: {
    check: [
      { ...releaseKeys, operator_shares: hex, authority_shares: hex },
      ({ operator_shares, authority_shares, ...values }, epochKey) => {
        const release = verifiedRelease(values, epochKey);
        const keys = new Map([[epochKey.epoch, epochKey]]);
        const operator = verifyPartyShares(epochKey.domain, Role.OPERATOR, release, keys, operator_shares);
        const authority = verifyPartyShares(epochKey.domain, Role.AUTHORITY, release, keys, authority_shares);
        return { opened: openRelease(release, operator, authority) };
      },
    ],
  },
};
