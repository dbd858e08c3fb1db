/**
 * What the page pins: the domain and where its parties are. It comes with the page as `domain.json`. Spec: §6.1.
 *
 * @import { Role } from '../protocol/epochs.js'
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { Domain, Role as Roles } from '../protocol/epochs.js';
import { Point } from '../protocol/primitives/group.js';

/**
 * A domain, the URLs of its parties' servers, and those where everyone gets epochs, logs and lists, by role.
 * @typedef {{ domain: Domain, urls: Record<Role, string>, files: Record<Role, string> }} Servers
 */

/**
 * The domain that a document like `domain.toml` describes, with the keys in hexadecimal.
 * @param {any} document @returns {Servers}
 * @throws {Error} if it describes none
 */
export function readDomain({ number, utc_offset: utcOffset, allowance, operator, authority }) {
  const described = {
    number,
    operatorKey: Point.fromBytes(hexToBytes(operator.key)),
    authorityKey: Point.fromBytes(hexToBytes(authority.key)),
    utcOffset,
    allowance,
  };
  return {
    domain: Domain.fromBytes(Domain.toBytes(described)),
    urls: { [Roles.OPERATOR]: base(operator.url), [Roles.AUTHORITY]: base(authority.url) },
    files: {
      [Roles.OPERATOR]: base(operator.files ?? operator.url),
      [Roles.AUTHORITY]: base(authority.files ?? authority.url),
    },
  };
}

/** The name of a party in texts and addresses. @param {Role} role */
export const roleName = (role) => (role === Roles.OPERATOR ? 'operator' : 'authority');

/** @param {string} url */
const base = (url) => new URL(url).href.replace(/\/$/u, '');
