import { OfficerSet, Vote, fingerprintOf, setDigest, voteChallenge } from '../../desk/records.js';
import { call, key } from './call.js';
import { domain } from './keys.js';
import { encoded } from './values.js';

export default {
  'officers-approval': {
    check: call(
      [domain, key('officers', encoded(OfficerSet)), key('vote', encoded(Vote))],
      (pinned, officers, vote) => ({
        officers_digest: setDigest(officers),
        challenge: voteChallenge(pinned, vote),
        fingerprints: officers.officers.flatMap(({ passkeys }) => passkeys.map(fingerprintOf)),
      }),
    ),
  },
};
