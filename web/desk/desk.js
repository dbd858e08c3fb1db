/** One party's desk: what it is, who has signed in, and the officer's votes. */

/** @import { OfficerSet } from './records.js' */
/** @import { Role } from '../protocol/epochs.js' */
/** @import { Matter } from './payloads.js' */
/** @import { Vote } from './records.js' */

import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { Decision, OfficerSet as Officers, Vote as VoteMessage, voteChallenge, setDigest } from './records.js';
import { Domain, Role as Roles } from '../protocol/epochs.js';
import { sameBytes } from '../protocol/primitives/encoding.js';
import { Client } from './client.js';
import { DeskError } from './errors.js';
import { createPasskey, fromBase64Url, signWithPasskey } from './passkeys.js';
import { ACTIONS } from './payloads.js';

/**
 * What an officer signs, read from the bytes of the vote, and what the passkey is asked with.
 * @typedef {{ vote: Vote, options: any }} PreparedVote
 */

/** The desk, as its server describes it. */
export class Desk {
  client = new Client();
  /** The name of the officer who has signed in. @type {string | null} */
  officer = null;

  /** @param {any} info */
  constructor(info) {
    this.domain = Domain.fromBytes(hexToBytes(info.domain_bytes));
    /** @type {Role} */
    this.role = info.role === 'authority' ? Roles.AUTHORITY : Roles.OPERATOR;
    /** @type {number} */
    this.offset = this.domain.utcOffset;
    /** @type {string} */
    this.name = info.name;
    /** Whether there are officers who can sign in. */
    this.hasOfficers = info.set !== null;
    this.#ahead = info.now - Date.now() / 1000;
  }

  #ahead;

  /** Look again whether there are officers, until there are. */
  async lookForOfficers() {
    if (!this.hasOfficers) this.hasOfficers = (await this.client.get('/info')).set !== null;
  }

  /** Unix time, by the server's clock. */
  now() {
    return Math.floor(Date.now() / 1000 + this.#ahead);
  }

  get isAuthority() {
    return this.role === Roles.AUTHORITY;
  }

  /** Make a passkey for whom a secret was made; what is read out of it on the telephone. @param {string} secret */
  async enrol(secret) {
    const { options } = await this.client.post('/enrolment/options', { secret });
    const credential = await createPasskey(options);
    return this.client.post('/enrolment', { secret, credential });
  }

  /** Sign in with a passkey. */
  async signIn() {
    const { options } = await this.client.post('/sign-in/options');
    const credential = await signWithPasskey(fromBase64Url(options.challenge), options);
    const { token, officer } = await this.client.post('/sign-in', { credential });
    this.client.token = token;
    this.officer = officer;
  }

  /** Forget the session, and have the server forget it. */
  async signOut() {
    const { client } = this;
    this.client = new Client();
    this.officer = null;
    try {
      await client.post('/sign-out');
    } catch {
      // it ends by itself
    } finally {
      client.token = null;
    }
  }

  /** What is not done yet. @returns {Promise<Matter[]>} */
  async matters() {
    return (await this.client.get('/matters')).matters;
  }

  /**
   * The present set of officers, and what the server tells besides.
   * @returns {Promise<{ set: OfficerSet, digest: Uint8Array, told: any }>}
   */
  async officers() {
    const told = await this.client.get('/officers');
    const set = Officers.fromBytes(hexToBytes(told.set));
    return { set, digest: setDigest(set), told };
  }

  /**
   * Have the server write the officer's vote on a matter, and demand that it is on what the page shows.
   * @param {Matter} matter @param {'approve' | 'refuse'} decision @param {string} reason
   * @param {OfficerSet} set @returns {Promise<PreparedVote>}
   * @throws {DeskError} if it is on anything else
   */
  async prepareVote(matter, decision, reason, set) {
    const asked = await this.client.post(`/matters/${matter.id}/vote/options`, { decision, reason });
    const vote = VoteMessage.fromBytes(hexToBytes(asked.vote));
    const isShown =
      vote.role === this.role &&
      vote.action === ACTIONS[matter.kind] &&
      vote.decision === (decision === 'approve' ? Decision.APPROVE : Decision.REFUSE) &&
      vote.reason === reason &&
      bytesToHex(vote.payload) === matter.payload &&
      bytesToHex(vote.replaced) === matter.replaced &&
      vote.version === set.version &&
      sameBytes(vote.officers, setDigest(set));
    if (!isShown) {
      throw new DeskError([
        'The server wants another signature than on what is shown. Nothing was signed. Open this again. If it ' +
          'happens again, tell the other officers.',
        '서버가 화면과 다른 내용에 서명을 요청해 서명하지 않았습니다. 다시 열어 보고, 또 그러면 다른 담당자에게 알려 주세요.',
      ]);
    }
    return { vote, options: asked.options };
  }

  /**
   * Sign a vote with the officer's passkey, over the challenge that this page computes, and give it.
   * @param {string} matter its id @param {PreparedVote} prepared
   * @returns {Promise<{ matter: Matter, job: string | null }>}
   */
  async giveVote(matter, { vote, options }) {
    const credential = await signWithPasskey(voteChallenge(this.domain, vote), options);
    return this.client.post(`/matters/${matter}/vote`, { credential });
  }
}
