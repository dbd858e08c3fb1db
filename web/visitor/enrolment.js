/**
 * Enrolment: the operator verifies a phone number. Spec: §5.3.
 *
 * @import { Visitor } from './visitor.js'
 * @import { Account } from './walletContents.js'
 */

import { Role } from '../protocol/epochs.js';
import { Session, VerificationAnswer, VerificationRequest } from '../protocol/httpMessages.js';
import { checkedName } from '../ui/people.js';
import { VisitorError } from './errors.js';

/** How long a phone counts as verified, unless its operator decides otherwise. */
export const VERIFICATION_DAYS = 30;

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
