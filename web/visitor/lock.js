/**
 * A passphrase before the wallet: the key that seals it is kept encrypted under one that the passphrase gives.
 *
 * Whoever copies the browser's files then has to guess the passphrase. While the wallet is locked nothing is fetched.
 *
 * @typedef {{ salt: Uint8Array<ArrayBuffer>, nonce: Uint8Array<ArrayBuffer>, data: ArrayBuffer }} LockedKey
 */

import { VisitorError } from './errors.js';

/** What PBKDF2 spends on a guess, with SHA-256. */
const ITERATIONS = 600_000;
export const MIN_PASSPHRASE = 8;
const AES = { name: 'AES-GCM', length: 256 };

/** A key that no script can read. @param {Uint8Array<ArrayBuffer>} raw 32 bytes @returns {Promise<CryptoKey>} */
export const sealingKey = (raw) => crypto.subtle.importKey('raw', raw, AES, false, ['encrypt', 'decrypt']);

/**
 * A key's 32 bytes under a passphrase.
 * @param {Uint8Array<ArrayBuffer>} raw @param {string} passphrase @returns {Promise<LockedKey>}
 * @throws {VisitorError} if the passphrase is too short
 */
export async function lockKey(raw, passphrase) {
  if (passphrase.length < MIN_PASSPHRASE) {
    throw new VisitorError([
      `A passphrase has at least ${MIN_PASSPHRASE} characters.`,
      `암호는 ${MIN_PASSPHRASE}자 이상이어야 합니다.`,
    ]);
  }
  const [salt, nonce] = [16, 12].map((length) => crypto.getRandomValues(new Uint8Array(length)));
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, await derived(passphrase, salt), raw);
  return { salt, nonce, data };
}

/** The key again. @param {LockedKey} locked @param {string} passphrase @throws {VisitorError} if it is another one */
export async function unlockKey({ salt, nonce, data }, passphrase) {
  const key = await derived(passphrase, salt);
  try {
    return await sealingKey(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, data)));
  } catch {
    throw new VisitorError(['The passphrase is wrong.', '암호가 틀렸습니다.']);
  }
}

/** @param {string} passphrase @param {Uint8Array<ArrayBuffer>} salt */
async function derived(passphrase, salt) {
  const typed = new TextEncoder().encode(passphrase.normalize('NFC'));
  const secret = await crypto.subtle.importKey('raw', typed, 'PBKDF2', false, ['deriveKey']);
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS };
  return crypto.subtle.deriveKey(parameters, secret, AES, false, ['encrypt', 'decrypt']);
}
