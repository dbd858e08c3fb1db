/**
 * What the browser keeps: an IndexedDB whose secrets are sealed under a key that no script can read. Spec: §6.1.
 *
 * Whoever copies the files of a browser's profile may still find the key in them. It keeps secrets out of what a page
 * could print, log or send by mistake.
 *
 * @import { LockedKey } from './lock.js'
 *
 * @typedef {{ version: number, nonce: Uint8Array<ArrayBuffer>, data: ArrayBuffer }} Sealed
 */

import { done, result } from '../ui/database.js';
import { WalletError } from './errors.js';
import { lockKey, sealingKey, unlockKey } from './lock.js';

const NAME = 'splitpass';
const [KEYS, SEALED, PLAIN] = ['keys', 'sealed', 'plain'];
const KEY = 'sealing';

/** Sealed values under names, and public ones under others. Open one with `Store.open`. */
export class Store {
  #database;
  #key;

  /** @param {IDBDatabase} database @param {CryptoKey | LockedKey} key */
  constructor(database, key) {
    this.#database = database;
    this.#key = key;
  }

  /** Whether a passphrase is needed before anything sealed can be read. */
  get isLocked() {
    return !(this.#key instanceof CryptoKey);
  }

  /** Whether the key is kept under a passphrase. */
  async hasLock() {
    return !((await result(this.#database.transaction(KEYS).objectStore(KEYS).get(KEY))) instanceof CryptoKey);
  }

  /** Open a locked store. @param {string} passphrase @throws {VisitorError} if it is wrong */
  async unlock(passphrase) {
    if (!(this.#key instanceof CryptoKey)) this.#key = await unlockKey(this.#key, passphrase);
  }

  /**
   * Seal everything under another key, which a passphrase opens from now on, or nothing if it is null.
   * @param {string | null} passphrase @throws {VisitorError} if it is too short
   */
  async changeLock(passphrase) {
    const raw = crypto.getRandomValues(new Uint8Array(32));
    const [kept, key] = [passphrase === null ? null : await lockKey(raw, passphrase), await sealingKey(raw)];
    const names = await result(this.#database.transaction(SEALED).objectStore(SEALED).getAllKeys());
    const opened = await Promise.all(names.map(async (name) => ({ name, ...(await this.#open(String(name))) })));
    const sealed = await Promise.all(
      opened.map(({ name, version, contents }) => seal(key, String(name), version + 1, contents ?? new Uint8Array())),
    );
    const transaction = this.#database.transaction([KEYS, SEALED], 'readwrite', { durability: 'strict' });
    const objects = transaction.objectStore(SEALED);
    for (const [place, { name, version }] of opened.entries()) {
      if ((await result(objects.get(name)))?.version !== version) throw changedElsewhere();
      objects.put(sealed[place], name);
    }
    transaction.objectStore(KEYS).put(kept ?? key, KEY);
    await done(transaction);
    this.#key = key;
  }

  /** Open the store of this origin, or make one. @returns {Promise<Store>} */
  static async open() {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => {
      for (const name of [KEYS, SEALED, PLAIN]) opening.result.createObjectStore(name);
    };
    const database = await result(opening);
    database.onversionchange = () => database.close(); // another tab erases everything
    const fresh = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    const transaction = database.transaction(KEYS, 'readwrite', { durability: 'strict' });
    const keys = transaction.objectStore(KEYS);
    const known = await result(keys.get(KEY)); // in one transaction, so that two tabs have one key
    if (!known) keys.put(fresh, KEY);
    await done(transaction);
    return new Store(database, known ?? fresh);
  }

  /**
   * What is sealed under a name; null if there is nothing.
   * @param {string} name @returns {Promise<Uint8Array | null>} @throws {WalletError} if it is damaged
   */
  async read(name) {
    return (await this.#open(name)).contents;
  }

  /**
   * Replace what is sealed under a name by what `change` makes of it, and return what else it says. It is durable when
   * this returns, and one tab at a time does it. If `change` throws, everything stays as it was.
   * @template T
   * @param {string} name @param {(contents: Uint8Array | null) => { contents: Uint8Array, value: T }} change
   * @returns {Promise<T>}
   */
  async change(name, change) {
    return navigator.locks.request(`${NAME} ${name}`, async () => {
      const { version, contents } = await this.#open(name);
      const changed = change(contents);
      if (!(await this.#replace(name, version, changed.contents))) {
        throw changedElsewhere();
      }
      return changed.value;
    });
  }

  /** Forget what is sealed under a name. @param {string} name */
  async forget(name) {
    await this.#put(SEALED, name, undefined);
  }

  /** A public value. @param {string} name @returns {Promise<any>} undefined if there is none */
  async get(name) {
    return result(this.#database.transaction(PLAIN).objectStore(PLAIN).get(name));
  }

  /** Keep a public value, durably; `undefined` deletes it. @param {string} name @param {unknown} value */
  async put(name, value) {
    await this.#put(PLAIN, name, value);
  }

  /** The names of public values that begin with a prefix. @param {string} prefix @returns {Promise<string[]>} */
  async names(prefix) {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return /** @type {Promise<any[]>} */ (
      result(this.#database.transaction(PLAIN).objectStore(PLAIN).getAllKeys(range))
    );
  }

  /** Delete everything, and the key with it. */
  async erase() {
    this.#database.close();
    await result(indexedDB.deleteDatabase(NAME));
  }

  /** @param {string} name @returns {Promise<{ version: number, contents: Uint8Array | null }>} */
  async #open(name) {
    /** @type {Sealed | undefined} */
    const sealed = await result(this.#database.transaction(SEALED).objectStore(SEALED).get(name));
    if (!sealed) return { version: 0, contents: null };
    const key = this.#opened;
    try {
      const contents = await crypto.subtle.decrypt(cipher(name, sealed.nonce), key, sealed.data);
      return { version: sealed.version, contents: new Uint8Array(contents) };
    } catch {
      throw new WalletError([
        'The wallet is damaged; it was left as it is.',
        '지갑이 손상되었습니다. 그대로 두었습니다.',
      ]);
    }
  }

  /**
   * Write unless somebody has written since the version that was read: then nothing is changed, and it returns false.
   * @param {string} name @param {number} version @param {Uint8Array} contents
   */
  async #replace(name, version, contents) {
    const sealed = await seal(this.#opened, name, version + 1, contents);
    const transaction = this.#database.transaction(SEALED, 'readwrite', { durability: 'strict' });
    const objects = transaction.objectStore(SEALED);
    const current = (await result(objects.get(name)))?.version ?? 0;
    if (current === version) objects.put(sealed, name);
    await done(transaction);
    return current === version;
  }

  /** The key, unless the store is locked. @returns {CryptoKey} */
  get #opened() {
    if (this.#key instanceof CryptoKey) return this.#key;
    throw new WalletError(['The wallet is locked.', '지갑이 잠겨 있습니다.']);
  }

  /** @param {string} store @param {string} name @param {unknown} value */
  async #put(store, name, value) {
    const transaction = this.#database.transaction(store, 'readwrite', { durability: 'strict' });
    const objects = transaction.objectStore(store);
    if (value === undefined) objects.delete(name);
    else objects.put(value, name);
    await done(transaction);
  }
}

/**
 * The name is authenticated: nothing passes for what is sealed under another.
 * @param {string} name @param {Uint8Array<ArrayBuffer>} iv
 */
const cipher = (name, iv) => ({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) });

/**
 * @param {CryptoKey} key @param {string} name @param {number} version @param {Uint8Array} contents
 * @returns {Promise<Sealed>}
 */
async function seal(key, name, version, contents) {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  return { version, nonce, data: await crypto.subtle.encrypt(cipher(name, nonce), key, Uint8Array.from(contents)) };
}

const changedElsewhere = () =>
  new WalletError([
    'Another window changed the wallet; try again.',
    '다른 창에서 지갑을 바꾸었습니다. 다시 해 주세요.',
  ]);
