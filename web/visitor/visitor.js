/**
 * A visitor: a wallet, a domain and a clock. Every use of the wallet drops what has expired.
 *
 * @import { EpochKey } from '../protocol/epochs.js'
 * @import { Servers } from './domain.js'
 * @import { Store } from './store.js'
 * @import { Account, Wallet } from './walletContents.js'
 */

import { Domain, epochAt } from '../protocol/epochs.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { HttpClient } from '../ui/httpClient.js';
import { ServerClocks } from '../ui/serverClocks.js';
import { Epochs } from './epochs.js';
import { VisitorError, WalletError } from './errors.js';
import { FindingsFiles } from './findings.js';
import { usedPasses, withinLimits, withoutExpired } from './wallet.js';
import { EMPTY, Wallet as WalletMessage } from './walletContents.js';

const WALLET = 'wallet';

/** What one browser holds for one person. `clock` gives the Unix time in whole seconds. */
export class Visitor {
  /** @param {Store} store @param {Servers} servers @param {() => number} [clock] */
  constructor(store, servers, clock = () => Math.floor(Date.now() / 1000)) {
    this.store = store;
    this.servers = servers;
    this.domain = servers.domain;
    this.clock = clock;
    this.epochs = new Epochs(store, servers);
    this.findings = new FindingsFiles(store);
    /** Called when the wallet has changed. */
    this.onchange = () => {};
    this.clocks = new ServerClocks();
    this.client = new HttpClient((...answer) => this.clocks.note(...answer));
  }

  /** Throw if the page now comes with another domain than at enrolment: its keys are what everything rests on. */
  async checkDomain() {
    const [known, now] = [await this.store.get('domain'), Domain.toBytes(this.domain)];
    if (!known) await this.store.put('domain', now);
    else if (!sameBytes(known, now)) {
      throw new WalletError([
        'This page now names other keys than when you registered. Do not use it; ask who runs it.',
        '이 페이지의 키가 등록할 때와 다릅니다. 사용하지 말고 운영자에게 문의하세요.',
      ]);
    }
  }

  /**
   * Change the wallet, durably, and return what else `change` says. What was found about passes that expired goes too.
   * @template T @param {(wallet: Wallet) => { wallet: Wallet, value: T }} change @returns {Promise<T>}
   */
  async change(change) {
    const now = this.clock();
    const { value, expired, used } = await this.store.change(WALLET, (contents) => {
      const before = decoded(contents);
      const current = withoutExpired(before, this.domain, now);
      const changed = change(current);
      const kept = withinLimits(changed.wallet);
      const still = usedPasses(kept);
      const gone = [...usedPasses(before).keys()].some((u) => !still.has(u));
      return { contents: WalletMessage.toBytes(kept), value: { value: changed.value, expired: gone, used: still } };
    });
    if (expired) await this.findings.keepOnly(used);
    this.onchange();
    return value;
  }

  /** What the wallet holds, without what has expired. @returns {Promise<Wallet>} */
  async wallet() {
    return withoutExpired(decoded(await this.store.read(WALLET)), this.domain, this.clock());
  }

  /** Delete what has expired, and the keys of days that are over; evidence is kept. */
  async forgetOld() {
    await this.change((wallet) => ({ wallet, value: null }));
    for (const name of await this.store.names('')) {
      const [, epoch] = /^(?:epoch|failure)\/([0-9]+)(?:\/(?:operator|authority))?$/u.exec(name) ?? [];
      if (epoch !== undefined && Number(epoch) < this.today - 1) await this.store.put(name, undefined);
    }
  }

  /** The visitor's account. @returns {Promise<Account>} @throws {VisitorError} before enrolment */
  async account() {
    const { account } = await this.wallet();
    if (account) return account;
    throw new VisitorError(['No phone number has been verified yet.', '확인된 전화번호가 없습니다.']);
  }

  /** Today. @returns {number} */
  get today() {
    return epochAt(this.domain, this.clock());
  }

  /**
   * The key of an epoch for which passes were fetched, without a network.
   * @param {number} epoch @returns {Promise<EpochKey>}
   */
  async epochKey(epoch) {
    const key = await this.epochs.key(epoch);
    if (key) return key;
    const name = this.dayName(epoch);
    throw new VisitorError([`The keys for ${name} are missing.`, `${name}의 키가 없습니다.`]);
  }

  /** A Unix time as the domain's clocks show it. @param {number} moment */
  localTime(moment) {
    return new Date((moment + this.domain.utcOffset) * 1000).toISOString().slice(0, 16).replace('T', ' ');
  }

  /** The date of an epoch. @param {number} epoch */
  dayName(epoch) {
    return new Date(epoch * 86_400_000).toISOString().slice(0, 10);
  }
}

/** @param {Uint8Array | null} contents @returns {Wallet} */
function decoded(contents) {
  if (contents === null) return EMPTY;
  try {
    return WalletMessage.fromBytes(contents);
  } catch {
    throw new WalletError([
      'The wallet was written by another version of this page.',
      '다른 버전의 페이지가 쓴 지갑입니다.',
    ]);
  }
}
