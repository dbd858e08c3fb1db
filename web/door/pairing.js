/**
 * Pairing with the venue's server: a one-time secret in a link's fragment makes a token of this page's own the token of a
 * reader. Spec: §5.5.
 *
 * @import { DoorServer } from './server.js'
 * @import { DoorStore } from './store.js'
 */

import { hexToBytes, randomBytes } from '@noble/hashes/utils.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { Problem, WordedError } from '../ui/problems.js';

const TOKEN = 'token';
const PENDING = 'pending';

/** The secret in a link's fragment; null if there is none. @param {string} fragment @returns {Uint8Array | null} */
export function secretIn(fragment) {
  const [, digits] = /^#([0-9a-f]{32})$/u.exec(fragment) ?? [];
  return digits === undefined ? null : hexToBytes(digits);
}

/**
 * The token of a door that is paired.
 * @param {Pick<DoorStore, 'get'>} store @returns {Promise<Uint8Array | undefined>}
 */
export async function pairedToken(store) {
  return store.get(TOKEN);
}

/**
 * The secret of a pairing that was begun and got no answer.
 * @param {Pick<DoorStore, 'get'>} store @returns {Promise<Uint8Array | undefined>}
 */
export async function pendingSecret(store) {
  return (await store.get(PENDING))?.secret;
}

/** Take a pairing no further. @param {Pick<DoorStore, 'put'>} store */
export async function forgetPending(store) {
  await store.put(PENDING, undefined);
}

/**
 * Pair, and forget the pairing before. The token is stored before it is sent: where the answer is lost, the same is sent
 * again.
 * @param {Pick<DoorStore, 'get' | 'put' | 'beginAnew'>} store @param {Pick<DoorServer, 'pair'>} server
 * @param {Uint8Array} secret 16 bytes @returns {Promise<Uint8Array>} the token
 * @throws {WordedError | Problem | Unreachable}
 */
export async function pair(store, server, secret) {
  const known = await store.get(PENDING);
  const token = known && sameBytes(known.secret, secret) ? known.token : randomBytes(32);
  await store.put(PENDING, { secret, token });
  try {
    await server.pair(secret, token);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status < 500 && error.status !== 429) await forgetPending(store);
    throw told(error);
  }
  await store.beginAnew({ [TOKEN]: token });
  return token;
}

/** @param {Problem} problem */
function told(problem) {
  if (problem.problem === 'pairing-used') {
    return new WordedError([
      'This link was used on another device. If that was not you, have that reader revoked, and pair with a new link.',
      '다른 기기에서 이미 사용한 링크입니다. 직접 하신 것이 아니라면 그 리더기를 해지하고 새 링크로 연결해 주세요.',
    ]);
  }
  if (problem.problem === 'pairing-expired') {
    return new WordedError([
      'This link is no longer good. Make another one.',
      '유효하지 않거나 시간이 지난 링크입니다. 새 링크를 만들어 주세요.',
    ]);
  }
  return problem;
}
