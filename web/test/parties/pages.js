/** What the operator puts on record of the visitors' page. Spec: §3.11, Pages. */

import { sha256 } from '@noble/hashes/sha2.js';
import { array, bytes, message, text, uint32 } from '../../protocol/primitives/encoding.js';
import { digest32 } from '../../protocol/primitives/hashing.js';

/** The headers that decide what a browser does with a file. */
const COVERED = new Set([
  'clear-site-data',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'link',
  'permissions-policy',
  'referrer-policy',
  'refresh',
  'service-worker-allowed',
  'set-cookie',
  'x-content-type-options',
]);

export const PageFile = message({ name: text(1, 128), content: bytes(32), headers: bytes(32) });
export const PageRecord = message({ number: uint32, files: array(PageFile, 0, 256) });

/**
 * What a record says of a file.
 * @param {string} name @param {Uint8Array} content @param {string[][]} headers names and values
 */
export function describeFile(name, content, headers) {
  const lines = headers
    .map(([header, value]) => [header.toLowerCase(), value])
    .filter(([header]) => COVERED.has(header))
    .sort(([one, value], [other, otherValue]) => compare(one, other) || compare(value, otherValue))
    .map(([header, value]) => `${header}: ${value}\n`);
  return { name, content: sha256(content), headers: sha256(new TextEncoder().encode(lines.join(''))) };
}

/** What the log entry says of a record. @param {Uint8Array} record its encoding */
export const pageDigest = (record) => digest32('page-record', record);

/** @param {string} one @param {string} other */
const compare = (one, other) => Number(one > other) - Number(one < other);
