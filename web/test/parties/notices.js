/** Signing notices and disclosures, and the records of openings. Spec: §3.12, §3.13. */

import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { Disclosure, openedVisit } from '../../protocol/disclosures.js';
import { DIGEST_BYTES, Notice, noticedVisit } from '../../protocol/notices.js';
import { signStatement } from './signing.js';

export function signNotice(domain, number, time, advice, passes, seed, randomBytes) {
  const digests = new Set(passes.map((u) => bytesToHex(noticedVisit(number, u))));
  const size = Math.max(1024, 2 ** Math.ceil(Math.log2(digests.size)));
  while (digests.size < size) {
    const padding = bytesToHex(randomBytes(DIGEST_BYTES * (size - digests.size)));
    for (const digest of padding.match(/.{20}/g)) digests.add(digest);
  }
  const sorted = concatBytes(...[...digests].sort().map(hexToBytes));
  return signStatement(Notice, { domain: domain.number, number, time, advice, digests: sorted }, seed);
}

export function recordOpening(warrant, release, passes, randomBytes) {
  const digests = [...new Set(passes.map((u) => bytesToHex(openedVisit(warrant.warrant, u))))].sort().map(hexToBytes);
  return {
    warrant: warrant.warrant,
    legalReference: warrant.legalReference,
    release,
    digests,
    salt: randomBytes(32),
  };
}

export function signDisclosure(domain, role, number, time, openings, seed) {
  return signStatement(Disclosure, { domain: domain.number, role, number, time, openings }, seed);
}
