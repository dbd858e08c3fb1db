/**
 * Enrolment: the operator verifies a phone number. Spec: §5.3.
 *
 * @import { Visitor } from './visitor.js'
 * @import { Account } from './walletContents.js'
 */

import { Role } from '../protocol/epochs.js';
import { Session, VerificationAnswer, VerificationRequest } from '../protocol/httpMessages.js';
import { VisitorError } from './errors.js';

/** How long a phone counts as verified, unless its operator decides otherwise. */
export const VERIFICATION_DAYS = 30;
/** The country code of numbers that are typed without one. */
const COUNTRY = '82';
const MAX_NAME_BYTES = 128;

/** Apostrophes, hyphens and dots that keyboards and other programs write, by the plain one. */
const PLAIN = /** @type {const} */ ([
  [/[\u2018\u2019\u201b\u2032\u00b4`\uff07]/gu, "'"],
  [/[\u2010-\u2014\u2212\ufe63\uff0d]/gu, '-'],
  [/[\u2022\u2027\u2219\u22c5\u30fb\uff65]/gu, '·'],
  [/\uff0e/gu, '.'],
]);
/** Hangul fillers, which are letters that nobody sees. */
const FILLERS = /[\u115f\u1160\u3164\uffa0]/gu;
/** What nobody sees and programs put around what is copied from them; joiners between letters are seen. */
const UNSEEN = /(?![\u200c\u200d])\p{Cf}/gu;
const LONE_JOINERS = /(?<![\p{L}\p{M}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{M}])/gu;
const FIT = /[\p{L}\p{N}\p{M} \-'.·]|(?<=[\p{L}\p{M}])[\u200c\u200d](?=[\p{L}\p{M}])/gu;

/**
 * A phone number in E.164 form, without the spaces, hyphens and brackets people write. The operator knows which numbers
 * there are.
 * @param {string} text @returns {string} @throws {VisitorError}
 */
export function internationalNumber(text) {
  const typed = text.normalize('NFKC').replace(/[\s\-().·/]/gu, '');
  const digits = typed.startsWith('+')
    ? typed.slice(1)
    : typed.startsWith('00')
      ? typed.slice(2)
      : COUNTRY + typed.replace(/^0/u, '');
  const national = digits.replace(new RegExp(`^${COUNTRY}0`, 'u'), COUNTRY); // as in +82 (0)10
  if (/^[1-9][0-9]{6,14}$/u.test(national)) return `+${national}`;
  throw new VisitorError([
    'This is no telephone number; with its country code it is one like +82 10-1234-5678.',
    '전화번호를 확인해 주세요. 예: 010-1234-5678, +82 10-1234-5678',
  ]);
}

/**
 * A name as the operator takes it.
 * @param {string} text @returns {string} @throws {VisitorError} before anything costs a message
 */
export function checkedName(text) {
  const plain = PLAIN.reduce((name, [other, one]) => name.replace(other, one), text);
  const seen = plain.replace(FILLERS, ' ').replace(UNSEEN, '').replace(LONE_JOINERS, '');
  const name = seen.trim().split(/\s+/u).join(' ').normalize('NFC');
  const unfit = [...new Set(name.replace(FIT, ''))].map((one) =>
    /[\p{C}\p{Z}]/u.test(one) ? `U+${one.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}` : one,
  );
  if (unfit.length > 0) {
    throw new VisitorError([
      `A name has letters, digits, spaces and - ' . · alone; leave out ${unfit.join(' ')}`,
      `이름에 쓸 수 없는 글자가 있습니다: ${unfit.join(' ')}`,
    ]);
  }
  if (/[\p{L}\p{N}]/u.test(name) && new TextEncoder().encode(name).length <= MAX_NAME_BYTES) return name;
  throw new VisitorError(['Type your name; it has at most 128 bytes.', '이름이 비어 있거나 너무 깁니다.']);
}

/**
 * The six digits of a code, without what stands around them in its message.
 * @param {string} text @returns {string} @throws {VisitorError}
 */
export function checkedCode(text) {
  const digits = text.normalize('NFKC').replace(/(?<=[0-9])[\s-]+(?=[0-9])/gu, '');
  const codes = digits.match(/(?<![0-9])[0-9]{6}(?![0-9])/gu);
  if (codes?.length === 1) return codes[0];
  throw new VisitorError(['A code has six digits.', '인증 번호는 숫자 여섯 자리입니다.']);
}

/**
 * Have the operator send a one-time code to a phone in E.164 form.
 * @param {Visitor} visitor @param {string} phone @throws {Problem | Unreachable}
 */
export async function requestCode({ client, servers }, phone) {
  const body = VerificationRequest.toBytes({ phone });
  await client.call('POST', `${servers.urls[Role.OPERATOR]}/v1/verifications`, { body });
}

/**
 * Show the operator the code and keep the account that it opens. Unused passes of another account are dropped: they
 * would be another person's.
 * @param {Visitor} visitor @param {string} phone @param {string} name @param {string} code
 * @throws {VisitorError | Malformed | Problem | Unreachable}
 */
export async function confirmCode(visitor, phone, name, code) {
  const { client, servers } = visitor;
  const answer = VerificationAnswer.toBytes({ phone, code: checkedCode(code), name: checkedName(name) });
  const received = await client.call('POST', `${servers.urls[Role.OPERATOR]}/v1/sessions`, { body: answer });
  /** @type {Account} */
  const account = { phone, name: checkedName(name), session: Session.fromBytes(received), verifiedAt: visitor.clock() };
  await visitor.change((wallet) => {
    const same = wallet.account?.session.accountId.join() === account.session.accountId.join();
    return { wallet: { ...wallet, account, days: same ? wallet.days : [] }, value: null };
  });
  await visitor.store.put('verify', undefined);
}
