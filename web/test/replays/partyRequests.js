import { Domain } from '../../protocol/epochs.js';
import { PartyRequest, verifyRequest } from '../parties/partyRequests.js';
import { signPayload } from '../parties/signing.js';
import { draws, encoded, hex, number, string } from './values.js';

const payloadOf = ({ time, body, random, domain, sender, recipient, path }) =>
  PartyRequest.toBytes({ domain: domain.number, sender, recipient, path, time, id: random(16), body });

const addressed = { domain: encoded(Domain), sender: number, recipient: string, path: string };

export default {
  'party-request': {
    make: [
      { seed: hex, time: number, body: hex, random: draws, ...addressed },
      ({ seed, ...values }) => ({ statement: signPayload(PartyRequest.tag, payloadOf(values), seed) }),
    ],
    steps: (values) => ({ payload: payloadOf(values) }),
    check: [
      { ...addressed, now: number, statement: hex },
      ({ domain, sender, recipient, path, now, statement }) => {
        const { id, body } = verifyRequest(domain, sender, recipient, path, now, statement);
        return { id, body };
      },
    ],
  },
};
