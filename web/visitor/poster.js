/**
 * A venue's poster: a link whose fragment is the venue's record, signed by both parties. Spec: §4.3.
 *
 * @import { Domain } from '../protocol/epochs.js'
 * @import { Venue } from '../protocol/warrants.js'
 */

import { MalformedText } from '../protocol/primitives/errors.js';
import { JointStatement } from '../protocol/primitives/statements.js';
import { verifyVenue } from '../protocol/warrants.js';
import { isProtected } from './httpClient.js';

/**
 * The venue whose record a poster's link carries; sends nothing. Only the signed record counts: the rest of the link
 * may say anything.
 * @param {Domain} domain @param {string} link @returns {Venue}
 * @throws {MalformedText} if the link or the record's URL is not one of the web, and what `verifyVenue` throws
 */
export function readPoster(domain, link) {
  const fragment = link.trim().split('#').slice(1).join('#');
  const encoding = decodeBase64Url(fragment);
  if (!isWebUrl(link.trim()) || encoding === null) throw new MalformedText("this is not the link of a venue's poster");
  const venue = verifyVenue(domain, JointStatement.fromBytes(encoding));
  if (!isWebUrl(venue.url)) throw new MalformedText('this venue takes no check-ins by link; show it a code');
  if (!isProtected(venue.url))
    throw new MalformedText('everybody on the way could read what is sent to this venue; show it a code');
  return venue;
}

/** @param {string} url */
function isWebUrl(url) {
  try {
    const { protocol, hostname } = new URL(url);
    return (protocol === 'https:' || protocol === 'http:') && hostname !== '';
  } catch {
    return false;
  }
}

/** @param {string} text @returns {Uint8Array | null} */
function decodeBase64Url(text) {
  if (!/^[A-Za-z0-9_-]+$/u.test(text)) return null;
  try {
    const data = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(data, (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
