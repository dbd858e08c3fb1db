/**
 * Requests between the parties' servers. Spec: §4.4.
 *
 * @import { Domain } from '../../protocol/epochs.js'
 */

import { Role, identityKey } from '../../protocol/epochs.js';
import {
  MAX_MESSAGE_BYTES,
  bytes,
  enumeration,
  signedMessage,
  text,
  uint32,
  uint8,
} from '../../protocol/primitives/encoding.js';
import { ReplayedRequest, WrongDomain, WrongParty } from '../../protocol/primitives/errors.js';
import { verifyStatement } from '../../protocol/primitives/statements.js';

/** How many seconds a request may be from now. */
export const REQUEST_TOLERANCE = 120;

export const PartyRequest = signedMessage('party-request', {
  domain: uint8,
  sender: enumeration(Role),
  recipient: text(1, 64),
  path: text(1, 128),
  time: uint32,
  id: bytes(16),
  body: bytes(0, MAX_MESSAGE_BYTES),
});

/**
 * @param {Domain} domain @param {Role} sender @param {string} recipient @param {string} path
 * @param {number} now @param {Uint8Array} statement
 */
export function verifyRequest(domain, sender, recipient, path, now, statement) {
  const request = verifyStatement(PartyRequest, statement, identityKey(domain, sender));
  if (request.domain !== domain.number) throw new WrongDomain('the request is of another domain');
  if (request.sender !== sender || request.recipient !== recipient || request.path !== path) {
    throw new WrongParty('the request is of or for another party or path');
  }
  if (Math.abs(now - request.time) > REQUEST_TOLERANCE) throw new ReplayedRequest("the request's time is not now");
  return request;
}
