/**
 * Signing notices and disclosures, and the records of openings. Spec: §3.12, §3.13.
 *
 * @import { DisclosedOpening, OpeningRecord } from '../../protocol/disclosures.js'
 * @import { Domain, Role } from '../../protocol/epochs.js'
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 * @import { Warrant } from './warrants.js'
 */

import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { Disclosure, openedVisit } from '../../protocol/disclosures.js';
import { DIGEST_BYTES, Notice, noticedVisit } from '../../protocol/notices.js';
import { signStatement } from './signing.js';

/**
 * @param {Domain} domain @param {number} number @param {number} time @param {string} advice
 * @param {Uint8Array[]} passes @param {Uint8Array} seed @param {RandomBytes} randomBytes
 */
export function signNotice(domain, number, time, advice, passes, seed, randomBytes) {
  const digests = new Set(passes.map((u) => bytesToHex(noticedVisit(number, u))));
  const size = Math.max(1024, 2 ** Math.ceil(Math.log2(digests.size)));
  while (digests.size < size) {
    const padding = randomBytes(DIGEST_BYTES * (size - digests.size));
    for (let start = 0; start < padding.length; start += DIGEST_BYTES) {
      digests.add(bytesToHex(padding.subarray(start, start + DIGEST_BYTES)));
    }
  }
  const sorted = concatBytes(...[...digests].sort().map(hexToBytes));
  return signStatement(Notice, { domain: domain.number, number, time, advice, digests: sorted }, seed);
}

/**
 * @param {Warrant} warrant @param {Uint8Array} release @param {Uint8Array[]} passes @param {RandomBytes} randomBytes
 * @returns {OpeningRecord}
 */
export function recordOpening({ warrantId, legalReference }, release, passes, randomBytes) {
  const digests = [...new Set(passes.map((u) => bytesToHex(openedVisit(warrantId, u))))].sort().map(hexToBytes);
  return { warrantId, legalReference, release, digests, salt: randomBytes(32) };
}

/**
 * @param {Domain} domain @param {Role} role @param {number} number @param {number} time
 * @param {DisclosedOpening[]} openings @param {Uint8Array} seed
 */
export function signDisclosure(domain, role, number, time, openings, seed) {
  return signStatement(Disclosure, { domain: domain.number, role, number, time, openings }, seed);
}
