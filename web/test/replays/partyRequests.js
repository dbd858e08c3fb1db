/**
 * @import { Domain } from '../../protocol/epochs.js'
 * @import { Draws } from './values.js'
 */

import { Role } from '../../protocol/epochs.js';
import { enumeration } from '../../protocol/primitives/encoding.js';
import { PartyRequest, verifyRequest } from '../parties/partyRequests.js';
import { signPayload } from '../parties/signing.js';
import { call, key } from './call.js';
import { domain, now, random, seed, statement, time } from './keys.js';
import { hex, string } from './values.js';

const body = key('body', hex);
const path = key('path', string);
const recipient = key('recipient', string);
const sender = key('sender', enumeration(Role).decode);

/**
 * @param {Domain} domain @param {Role} sender @param {string} recipient @param {string} path @param {number} time
 * @param {Draws} random @param {Uint8Array} body
 */
const payloadOf = (domain, sender, recipient, path, time, random, body) =>
  PartyRequest.toBytes({ domain: domain.number, sender, recipient, path, time, id: random(16), body });

const contents = /** @type {const} */ ([domain, sender, recipient, path, time, random, body]);

export default {
  'party-request': {
    make: call([seed, ...contents], (seed, ...contents) => ({
      statement: signPayload(PartyRequest.tag, payloadOf(...contents), seed),
    })),
    steps: call([...contents], payloadOf, (payload) => ({ payload })),
    check: call([domain, sender, recipient, path, now, statement], verifyRequest, ({ id, body }) => ({ id, body })),
  },
};
