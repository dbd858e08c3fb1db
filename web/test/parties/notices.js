/**
 * Making and signing notices and disclosures, and the records of openings. Spec: §3.12, §3.13.
 *
 * @import { DisclosedOpening, OpeningRecord } from '../../protocol/disclosures.js'
 * @import { Domain, Role } from '../../protocol/epochs.js'
 * @import { Decoded } from '../../protocol/primitives/encoding.js'
 * @import { RandomBytes } from '../../protocol/primitives/group.js'
 * @import { Warrant } from '../../protocol/warrants.js'
 */

import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { Disclosure, openedVisit } from '../../protocol/disclosures.js';
import {
  DIGEST_BYTES,
  Notice,
  checkOrder,
  checkPlace,
  concerns,
  listDigest,
  noticedVisit,
  paddedDigests,
} from '../../protocol/notices.js';
import { array, bytes, message, sameBytes } from '../../protocol/primitives/encoding.js';
import { InvalidNotice, ReplayedRequest } from '../../protocol/primitives/errors.js';
import { bigEndian, digest } from '../../protocol/primitives/hashing.js';
import { statement, verifyStatement } from '../../protocol/primitives/statements.js';
import { REQUEST_TOLERANCE } from './partyRequests.js';
import { signStatement } from './signing.js';

/**
 * What the operator answers to the authority's request for a notice.
 * @typedef {Decoded<typeof NoticeAnswer>} NoticeAnswer
 */
export const NoticeAnswer = message(
  { releases: array(bytes(32), 0, 16), seed: bytes(32), notice: statement, digests: paddedDigests },
  checkOrder,
);

/**
 * The list of a notice for passes, with padding from a seed.
 * @param {number} number @param {Uint8Array[]} passes @param {Uint8Array} seed
 */
export function listPasses(number, passes, seed) {
  const digests = new Set(passes.map((u) => bytesToHex(noticedVisit(number, u))));
  const size = Math.max(1024, 2 ** Math.ceil(Math.log2(digests.size)));
  for (let place = 0; digests.size < size; place++) {
    const padding = digest('notice-padding', seed, bigEndian(number, 4), bigEndian(place, 4));
    digests.add(bytesToHex(padding.subarray(0, DIGEST_BYTES)));
  }
  return concatBytes(...[...digests].sort().map(hexToBytes));
}

/**
 * @param {Domain} domain @param {number} number @param {number} time @param {string} advice @param {Uint8Array} list
 * @param {Uint8Array} seed the party's
 */
function signNotice(domain, number, time, advice, list, seed) {
  return signStatement(Notice, { domain: domain.number, number, time, advice, digests: listDigest(list) }, seed);
}

/**
 * @param {Domain} domain @param {number} number @param {number} time @param {string} advice
 * @param {Uint8Array[]} passes @param {Uint8Array} paddingSeed
 * @param {Uint8Array} authoritySeed @param {Uint8Array} operatorSeed
 */
export function publishNotice(domain, number, time, advice, passes, paddingSeed, authoritySeed, operatorSeed) {
  const digests = listPasses(number, passes, paddingSeed);
  const [authority, operator] = [authoritySeed, operatorSeed].map((seed) =>
    signNotice(domain, number, time, advice, digests, seed),
  );
  return { notice: { authority, operator }, digests };
}

/**
 * @param {Domain} domain @param {number} number @param {number} time @param {string} advice
 * @param {Uint8Array[]} passes @param {Uint8Array[]} releases @param {Uint8Array} paddingSeed
 * @param {Uint8Array} operatorSeed @returns {NoticeAnswer}
 */
export function answerNotice(domain, number, time, advice, passes, releases, paddingSeed, operatorSeed) {
  const digests = listPasses(number, passes, paddingSeed);
  const notice = signNotice(domain, number, time, advice, digests, operatorSeed);
  return { releases, seed: paddingSeed, notice, digests };
}

/**
 * Which of the released passes the operator's notice is for. Spec: §3.12.
 * @param {Domain} domain @param {number} number @param {string} advice @param {Uint8Array[]} passes
 * @param {number} earliest @param {number} now @param {NoticeAnswer} answer @returns {Uint8Array[]}
 */
export function verifyNoticeAnswer(domain, number, advice, passes, earliest, now, answer) {
  const notice = verifyStatement(Notice, answer.notice, domain.operatorKey);
  checkPlace(domain, notice, number);
  if (notice.time < earliest || notice.time > now + REQUEST_TOLERANCE) {
    throw new ReplayedRequest('the notice is older than the one before, or dated in the future');
  }
  const list = answer.digests;
  if (!sameBytes(notice.digests, listDigest(list))) throw new InvalidNotice('the operator signed another list');
  if (notice.advice !== advice) throw new InvalidNotice('the operator signed another advice');
  const noticed = passes.filter((u) => concerns({ ...notice, list }, u));
  if (!sameBytes(listPasses(number, noticed, answer.seed), list)) {
    throw new InvalidNotice('the list is not of released passes and its padding');
  }
  return noticed;
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
