/**
 * What a door's browser keeps, in an IndexedDB: its pairing, what it needs to decide alone, and what it admitted. Whoever
 * has the files of the browser's profile has the reader's token: then the venue revokes it.
 *
 * @import { Admitted } from './book.js'
 */

import { done, result } from '../ui/database.js';

const NAME = 'splitpass door';
const [VALUES, ADMITTED, LATE] = ['values', 'admitted', 'late'];

/**
 * A check-in that this door admitted, under its name; `waiting` are its bytes until the server has answered, null after.
 * `at`: when it was admitted, in Unix milliseconds.
 * @typedef {Admitted & { name: string, at: number, waiting: Uint8Array | null }} Row
 */

/**
 * What the server refused when it was delivered, and the door had let pass: label's time, when that was, and why.
 * @typedef {Pick<Admitted, 'direction' | 'time'> & { at: number, decision: number }} Refused
 */

/**
 * Changes that belong together.
 * @typedef {{ rows?: Row[], gone?: string[], late?: Refused[], values?: Record<string, unknown> }} Changes
 */

/** The door's database. Open one with `DoorStore.open`. */
export class DoorStore {
  #database;

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database;
  }

  /** Open the store of this origin, or make one. @returns {Promise<DoorStore>} */
  static async open() {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(VALUES);
      opening.result.createObjectStore(ADMITTED, { keyPath: 'name' });
      opening.result.createObjectStore(LATE, { autoIncrement: true });
    };
    const database = await result(opening);
    database.onversionchange = () => database.close();
    return new DoorStore(database);
  }

  /** A value; undefined if there is none. @param {string} name @returns {Promise<any>} */
  async get(name) {
    return result(this.#database.transaction(VALUES).objectStore(VALUES).get(name));
  }

  /** Keep a value, durably; `undefined` deletes it. @param {string} name @param {unknown} value */
  async put(name, value) {
    await this.change({ values: { [name]: value } });
  }

  /** What was admitted and is not forgotten yet. @returns {Promise<Row[]>} */
  async rows() {
    return result(this.#database.transaction(ADMITTED).objectStore(ADMITTED).getAll());
  }

  /**
   * Keep a new row, durably when this returns.
   * @param {Row} row @throws {DOMException} if there is one of its name, or no room
   */
  async add(row) {
    const transaction = this.#database.transaction(ADMITTED, 'readwrite', { durability: 'strict' });
    transaction.objectStore(ADMITTED).add(row);
    await done(transaction);
  }

  /** What was refused too late, the first first. @returns {Promise<Refused[]>} */
  async refused() {
    return result(this.#database.transaction(LATE).objectStore(LATE).getAll());
  }

  /** Forget what was refused too late. */
  async forgetRefused() {
    const transaction = this.#database.transaction(LATE, 'readwrite', { durability: 'strict' });
    transaction.objectStore(LATE).clear();
    await done(transaction);
  }

  /** Make changes, all of them or none, durably when this returns. @param {Changes} changes */
  async change({ rows = [], gone = [], late = [], values = {} }) {
    const transaction = this.#database.transaction([VALUES, ADMITTED, LATE], 'readwrite', { durability: 'strict' });
    for (const row of rows) transaction.objectStore(ADMITTED).put(row);
    for (const name of gone) transaction.objectStore(ADMITTED).delete(name);
    for (const one of late) transaction.objectStore(LATE).add(one);
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) transaction.objectStore(VALUES).delete(name);
      else transaction.objectStore(VALUES).put(value, name);
    }
    await done(transaction);
  }

  /** Forget everything of a pairing, and keep these values instead. @param {Record<string, unknown>} [values] */
  async beginAnew(values = {}) {
    const stores = [VALUES, ADMITTED, LATE];
    const transaction = this.#database.transaction(stores, 'readwrite', { durability: 'strict' });
    for (const name of stores) transaction.objectStore(name).clear();
    for (const [name, value] of Object.entries(values)) transaction.objectStore(VALUES).put(value, name);
    await done(transaction);
  }
}
