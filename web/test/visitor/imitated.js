/**
 * Both parties of a domain in memory, as the visitor's page sees them, and a visitor whose browser is in memory too.
 * What they answer can be replaced: `answers` maps the end of a path to a function.
 *
 * @import { EpochKey } from '../../protocol/epochs.js'
 * @import { DisclosedOpening } from '../../protocol/disclosures.js'
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, randomBytes } from '@noble/hashes/utils.js';
import { Role, epochAt, identityKey, verifyEpoch } from '../../protocol/epochs.js';
import { HandleGrant, HandleRegistration } from '../../protocol/handles.js';
import { Session, VerificationAnswer } from '../../protocol/httpMessages.js';
import { PublishedNotice } from '../../protocol/notices.js';
import { AllowanceRequest, PassAnswers } from '../../protocol/passes.js';
import { message, uint32 } from '../../protocol/primitives/encoding.js';
import { bigEndian } from '../../protocol/primitives/hashing.js';
import { statement } from '../../protocol/primitives/statements.js';
import { LogEntry } from '../../protocol/transparency/logEntries.js';
import { Inclusion, logOrigin, otherParty } from '../../protocol/transparency/logs.js';
import { leafHash, nodeHash, rootOf, subtreesOf } from '../../protocol/transparency/merkle.js';
import { Problem } from '../../ui/problems.js';
import { confirmCode } from '../../visitor/enrolment.js';
import { fetchPasses } from '../../visitor/passes.js';
import { Visitor } from '../../visitor/visitor.js';
import { createEpoch } from '../parties/epochs.js';
import { sealRecord, signReceipt, verifyRegistration } from '../parties/handles.js';
import { publishNotice, signDisclosure } from '../parties/notices.js';
import { issueBatch, verifyAllowance } from '../parties/passes.js';
import { publicKey, sign } from '../parties/signing.js';

/** Noon on 15 November 2023 in Seoul. */
export const NOON = 1_700_017_200;
export const ALLOWANCE = 3;
const EPOCH_PUBLISHED = 1;
const Published = message({ statement, eraseBy: uint32 });

/** Parties and a visitor whose number they have verified. */
export async function enrolled() {
  const parties = new ImitatedParties();
  const visitor = parties.newcomer();
  await confirmCode(visitor, '+821012345678', '홍길동', '123456');
  parties.traffic.length = 0;
  return { parties, visitor };
}

/** The same, with the passes of today. */
export async function supplied() {
  const { parties, visitor } = await enrolled();
  await fetchPasses(visitor, parties.today);
  parties.traffic.length = 0;
  return { parties, visitor };
}

/** What a browser's store does, in memory. */
export class MemoryStore {
  /** @type {Map<string, Uint8Array>} */
  sealed = new Map();
  /** @type {Map<string, any>} */
  plain = new Map();

  /** @param {string} name */
  async read(name) {
    return this.sealed.get(name) ?? null;
  }

  /** @param {string} name @param {(contents: Uint8Array | null) => { contents: Uint8Array, value: any }} change */
  async change(name, change) {
    const { contents, value } = change(this.sealed.get(name) ?? null); // as one, like the browser's
    this.sealed.set(name, contents);
    return value;
  }

  /** @param {string} name */
  async forget(name) {
    this.sealed.delete(name);
  }

  /** @param {string} name */
  async get(name) {
    return this.plain.get(name);
  }

  /** @param {string} prefix */
  async names(prefix) {
    return [...this.plain.keys()].filter((name) => name.startsWith(prefix));
  }

  /** @param {string} name @param {unknown} value */
  async put(name, value) {
    if (value === undefined) this.plain.delete(name);
    else this.plain.set(name, value);
  }
}

/** A log of one party in memory. */
export class MemoryLog {
  /** @type {Uint8Array[]} */
  entries = [];

  /** @param {ImitatedParties} parties @param {Role} role */
  constructor(parties, role) {
    this.parties = parties;
    this.role = role;
  }

  get leaves() {
    return this.entries.map(leafHash);
  }

  /** A checkpoint that the other party cosigned. @param {number} [size] */
  checkpoint(size = this.entries.length) {
    const { domain, seeds } = this.parties;
    const [origin, witness] = [logOrigin(domain, this.role), otherParty(this.role)];
    const root = rootOf(subtreesOf(this.leaves), size);
    const text = `${origin}\n${size}\n${base64(root)}\n`;
    const time = bigEndian(NOON, 4);
    const signature = sign(seeds[this.role], utf8(text));
    const cosigned = sign(seeds[witness], utf8(`cosignature/v1\ntime ${NOON}\n${text}`));
    const cosignature = concatBytes(new Uint8Array(4), time, cosigned);
    const lines = [
      line(origin, 1, identityKey(domain, this.role).toBytes(), signature),
      line(logOrigin(domain, witness), 4, identityKey(domain, witness).toBytes(), cosignature),
    ];
    return utf8(`${text}\n${lines.join('')}`);
  }

  /** @param {number} index */
  inclusion(index) {
    const proof = proofOf(this.leaves, index);
    return Inclusion.toBytes({ index, entry: this.entries[index], checkpoint: this.checkpoint(), proof });
  }
}

/** The two parties. */
export class ImitatedParties {
  seeds = { [Role.OPERATOR]: randomBytes(32), [Role.AUTHORITY]: randomBytes(32) };
  accountId = randomBytes(16);
  /** @type {Map<number, { key: EpochKey, statements: Record<Role, Uint8Array>, passSeed: Uint8Array }>} */
  epochs = new Map();
  /** @type {string[]} */
  traffic = [];
  /** @type {Map<string, (body: Uint8Array) => Uint8Array>} */
  answers = new Map();
  /** @type {Record<'notices' | 'disclosures', Uint8Array[]>} */
  lists = { notices: [], disclosures: [] };
  now = NOON;

  /** @param {number} [allowance] */
  constructor(allowance = ALLOWANCE) {
    this.domain = {
      number: 7,
      operatorKey: publicKey(this.seeds[Role.OPERATOR]),
      authorityKey: publicKey(this.seeds[Role.AUTHORITY]),
      utcOffset: 9 * 3600,
      allowance,
    };
    this.logs = {
      [Role.OPERATOR]: new MemoryLog(this, Role.OPERATOR),
      [Role.AUTHORITY]: new MemoryLog(this, Role.AUTHORITY),
    };
    for (let ahead = 0; ahead < 4; ahead += 1) this.#open(epochAt(this.domain, NOON) + ahead);
    this.publish();
  }

  get today() {
    return epochAt(this.domain, this.now);
  }

  /** A visitor with nothing yet. */
  newcomer() {
    const servers = {
      domain: this.domain,
      urls: { [Role.OPERATOR]: 'https://operator.example', [Role.AUTHORITY]: 'https://authority.example' },
      files: { [Role.OPERATOR]: 'https://operator.files.example', [Role.AUTHORITY]: 'https://authority.files.example' },
    };
    const visitor = new Visitor(/** @type {any} */ (new MemoryStore()), servers, () => this.now);
    visitor.client = /** @type {any} */ (this);
    return visitor;
  }

  /**
   * Another list of each kind, of the present time.
   * @param {{ passes?: Uint8Array[], openings?: DisclosedOpening[] }} [about]
   */
  publish({ passes = [], openings = [] } = {}) {
    const { notices, disclosures } = this.lists;
    const { [Role.OPERATOR]: operator, [Role.AUTHORITY]: authority } = this.seeds;
    const advice = passes.length > 0 ? '검사를 받으세요' : '';
    const seed = randomBytes(32);
    const notice = publishNotice(this.domain, notices.length, this.now, advice, passes, seed, authority, operator);
    notices.push(PublishedNotice.toBytes(notice));
    disclosures.push(
      signDisclosure(this.domain, Role.OPERATOR, disclosures.length, this.now, openings, operator),
      signDisclosure(this.domain, Role.AUTHORITY, disclosures.length, this.now, openings, authority),
    );
  }

  /**
   * @param {string} method
   * @param {string} url @param {{ body?: Uint8Array }} [options] @returns {Promise<Uint8Array>}
   */
  async call(method, url, { body = new Uint8Array() } = {}) {
    const { host, pathname } = new URL(url);
    const path = `${host.split('.')[0]} ${method} ${pathname}`;
    const isForAll = method === 'GET' && /^\/v1\/(epochs|log|notices|disclosures)/u.test(pathname);
    if (host.includes('.files.') !== isForAll) throw new Error(`${method} ${url} goes to the wrong server`);
    this.traffic.push(path);
    const answer = [...this.answers].find(([end]) => path.endsWith(end))?.[1];
    return answer ? answer(body) : this.answer(path, body);
  }

  /** @param {string} url */
  async find(url) {
    try {
      return await this.call('GET', url);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  /** What an honest party answers. @param {string} path @param {Uint8Array} body @returns {Uint8Array} */
  answer(path, body) {
    const [party, , pathname] = path.split(' ');
    const role = party === 'operator' ? Role.OPERATOR : Role.AUTHORITY;
    const [, kind, number, part] = pathname.slice(1).split('/');
    if (kind === 'epochs') return this.#epochAnswer(role, Number(number), part);
    if (kind === 'log') return this.#tile(role, pathname);
    if (kind === 'notices') return this.#listed(this.lists.notices, number);
    if (kind === 'disclosures') {
      return this.#listed(
        this.lists.disclosures.filter((_, place) => place % 2 === role - 1),
        number,
      );
    }
    if (kind === 'verifications') return new Uint8Array();
    if (kind === 'sessions') return this.#session(body);
    if (kind === 'handles') return this.#grant(body);
    if (kind === 'passes') return this.#issue(body);
    throw new Problem(404, 'not-found', 'nothing is here');
  }

  /** @param {number} epoch */
  #open(epoch) {
    const operator = createEpoch(this.domain, Role.OPERATOR, epoch, this.seeds[Role.OPERATOR], randomBytes);
    const authority = createEpoch(this.domain, Role.AUTHORITY, epoch, this.seeds[Role.AUTHORITY], randomBytes);
    const statements = { [Role.OPERATOR]: operator.statement, [Role.AUTHORITY]: authority.statement };
    const key = verifyEpoch(this.domain, epoch, operator.statement, authority.statement);
    this.epochs.set(epoch, { key, statements, passSeed: /** @type {Uint8Array} */ (authority.passSeed) });
    for (const role of Object.values(Role)) {
      const published = Published.toBytes({ statement: statements[role], eraseBy: NOON });
      this.logs[role].entries.push(LogEntry.toBytes({ time: NOON, kind: EPOCH_PUBLISHED, body: published }));
    }
  }

  /** @param {number} epoch */
  #epoch(epoch) {
    const open = this.epochs.get(epoch);
    if (!open) throw new Problem(404, 'unknown-epoch', 'not published');
    return open;
  }

  /** @param {Role} role @param {number} epoch @param {string} part */
  #epochAnswer(role, epoch, part) {
    const { statements } = this.#epoch(epoch);
    if (part !== 'inclusion') return statements[role];
    return this.logs[role].inclusion([...this.epochs.keys()].indexOf(epoch));
  }

  /** @param {Role} role @param {string} path */
  #tile(role, path) {
    const [, level, place, width] = /tile\/([01])\/([0-9]{3})(?:\.p\/([0-9]+))?$/u.exec(path) ?? [];
    const { leaves } = this.logs[role];
    const whole = Array.from({ length: Math.floor(leaves.length / 256) }, (_, i) =>
      leaves.slice(256 * i, 256 * i + 256),
    );
    const hashes = level === '0' ? leaves : whole.map(treeOf);
    const begin = Number(place) * 256;
    return concatBytes(...hashes.slice(begin, begin + Number(width ?? 256)));
  }

  /** @param {Uint8Array[]} lists @param {string | undefined} number */
  #listed(lists, number) {
    const list = number === undefined ? lists.at(-1) : lists[Number(number)];
    if (!list) throw new Problem(404, 'not-published', 'there is no such list');
    return list;
  }

  /** @param {Uint8Array} body */
  #session(body) {
    const { phone, name, code } = VerificationAnswer.fromBytes(body);
    if (code !== '123456') throw new Problem(403, 'wrong-code', 'this is not the code that was sent');
    this.person = { phone, name };
    return Session.toBytes({ accountId: this.accountId, token: randomBytes(32) });
  }

  /** @param {Uint8Array} body */
  #grant(body) {
    const registration = HandleRegistration.fromBytes(body);
    const { epoch } = registration;
    const { key } = this.#epoch(epoch);
    const handle = verifyRegistration(key, this.accountId, registration);
    this.handle = handle;
    const { phone, name } = /** @type {{ phone: string, name: string }} */ (this.person);
    const record = { domain: this.domain.number, epoch, handle, phone, name, verifiedOn: epoch };
    const { signed, entry } = sealRecord(key, record, this.seeds[Role.OPERATOR], randomBytes);
    return HandleGrant.toBytes({ record: signed, entry, receipt: signReceipt(key, entry, this.seeds[Role.AUTHORITY]) });
  }

  /** @param {Uint8Array} body */
  #issue(body) {
    const request = AllowanceRequest.fromBytes(body);
    const { key, passSeed } = this.#epoch(request.epoch);
    const requests = verifyAllowance(key, /** @type {any} */ (this.handle), request);
    return PassAnswers.toBytes(issueBatch(key, passSeed, { epoch: request.epoch, requests }, randomBytes));
  }
}

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);
/** @param {Uint8Array} data */
const base64 = (data) => btoa(String.fromCharCode(...data));

/** @param {string} name @param {number} kind @param {Uint8Array} key @param {Uint8Array} signed */
function line(name, kind, key, signed) {
  const id = sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(kind), key)).slice(0, 4);
  return `— ${name} ${base64(concatBytes(id, signed))}\n`;
}

/** An inclusion proof, by the definition. @param {Uint8Array[]} leaves @param {number} index @returns {Uint8Array[]} */
function proofOf(leaves, index) {
  if (leaves.length === 1) return [];
  const middle = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)];
  if (index < middle) return [...proofOf(left, index), treeOf(right)];
  return [...proofOf(right, index - middle), treeOf(left)];
}

/** @param {Uint8Array[]} leaves @returns {Uint8Array} */
function treeOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  const middle = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return nodeHash(treeOf(leaves.slice(0, middle)), treeOf(leaves.slice(middle)));
}
