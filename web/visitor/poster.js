/**
 * A venue's poster: a link to the venue, whose server has the record that both parties signed. Spec: §4.3.
 *
 * @import { Domain } from '../protocol/epochs.js'
 * @import { Venue } from '../protocol/warrants.js'
 */

import { MalformedText } from '../protocol/primitives/errors.js';
import { JointStatement } from '../protocol/primitives/statements.js';
import { verifyVenue } from '../protocol/warrants.js';
import { isProtected } from '../ui/httpClient.js';

const LINK = /^(https?:\/\/[^\s/?#@\\]+(?:\/[^\s?#@\\]+)*)\/v\/([0-9a-f]{32})$/u;

/**
 * What a link says, before anybody was asked: the base URL of the venue's server, and the venue's id in hexadecimal.
 * @param {string} link
 * @throws {MalformedText} if it is no link to a venue
 */
export function readLink(link) {
  const [, url, id] = LINK.exec(link) ?? [];
  if (url === undefined || !URL.canParse(url)) throw new MalformedText("this is not the link of a venue's poster");
  if (!isProtected(url))
    throw new MalformedText('everybody on the way could read what is sent to this venue; show it a code');
  return { url, id };
}

/**
 * The venue that a poster leads to, given the encoding of the `JointStatement` that its server answered.
 * @param {Domain} domain @param {string} link @param {Uint8Array} record @returns {Venue}
 * @throws {MalformedText} if the link leads to another venue, and what `readLink` and `verifyVenue` throw
 */
export function readPoster(domain, link, record) {
  const { url, id } = readLink(link); // step 1
  const venue = verifyVenue(domain, JointStatement.fromBytes(record)); // step 3
  const venueId = [...venue.venueId].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (venue.url.replace(/\/+$/u, '') !== url || venueId !== id) {
    throw new MalformedText('this link leads to another venue'); // step 4
  }
  return venue;
}

/**
 * Ask the host of a poster's link, and nobody else, for the venue.
 * @param {{ call(method: 'GET', url: string): Promise<Uint8Array> }} client @param {Domain} domain @param {string} link
 * @returns {Promise<Venue>}
 */
export async function fetchPoster(client, domain, link) {
  const { url, id } = readLink(link);
  return readPoster(domain, link, await client.call('GET', `${url}/v1/venues/${id}/${domain.number}`)); // step 2
}
