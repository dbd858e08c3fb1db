/**
 * What visitors are told of doors' answers, refusals and lists: the same words as the client in Python. Spec: §4.2,
 * §5.5.
 *
 * @import { Pair } from '../ui/language.js'
 * @import { Fault, ListSource } from './lists.js'
 */

import { Role } from '../protocol/epochs.js';
import { Decision } from '../protocol/httpMessages.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { Problem, Unreachable, WordedError } from '../ui/problems.js';
import { REFUSALS } from '../ui/refusals.js';
import { sentence } from '../ui/text.js';

/** What a door said to a check-in; null if no answer came. @param {Decision | null} decision @returns {Pair} */
export function answerInWords(decision) {
  if (decision === null) return ['No answer', '응답 없음'];
  if (decision === Decision.ADMITTED) return ['Checked in', '입장 완료'];
  const [english, korean] = REFUSALS[decision];
  return [`Refused: ${english}`, `거절: ${korean}`];
}

/** @type {Record<string, string>} */
const PROBLEMS = {
  'invalid-phone': '이 전화번호로는 인증 번호를 보낼 수 없습니다',
  'invalid-name': '이름에 쓸 수 없는 글자가 있습니다',
  'too-many-codes': '오늘은 이 번호로 인증 번호를 더 보낼 수 없습니다. 내일 다시 해 주세요',
  'too-many-requests': '요청이 너무 많습니다. 잠시 후 다시 해 주세요',
  'code-not-sent': '인증 번호를 보내지 못했습니다. 잠시 후 다시 해 주세요',
  'wrong-code': '받은 인증 번호와 다릅니다. 다시 입력해 주세요',
  'code-expired': '인증 번호의 유효 시간이 지났습니다. 새 번호를 받아 주세요',
  'too-many-attempts': '인증 번호를 너무 여러 번 틀렸습니다. 새 번호를 받아 주세요',
  'try-later': '지금은 처리할 수 없습니다. 나중에 다시 해 주세요',
  unauthenticated: '로그인이 유효하지 않습니다. 전화번호를 다시 확인해 주세요',
  'verification-expired': '전화번호를 다시 확인해 주세요',
};

/** Why something could not be done, for a person. @param {unknown} error @returns {Pair} */
export function errorInWords(error) {
  if (error instanceof WordedError) return error.words;
  if (error instanceof Unreachable)
    return [`No answer: ${error.message}. Try again in a moment.`, '서버가 응답하지 않습니다. 잠시 후 다시 해 주세요.'];
  if (error instanceof Problem) {
    const english = sentence(error.message) + (error.problem === 'wrong-code' ? ' Type it again.' : '');
    return [english, `${PROBLEMS[error.problem] ?? '서버가 거절했습니다'} (${error.problem}).`];
  }
  if (error instanceof SplitPassError) {
    return [
      `Something is wrong with what the server sent: ${error.message}.`,
      `서버가 보낸 내용에 문제가 있습니다(${error.name}).`,
    ];
  }
  throw error;
}

/** @type {Record<Fault, Pair>} */
const FAULTS = {
  unreachable: ['could not check: no answer came', '확인 못 함: 응답이 없습니다'],
  refused: [
    'could not check: what came is not what this party may publish',
    '확인 못 함: 올바르지 않은 내용이 왔습니다',
  ],
  stale: ['could not check: none of the last 48 hours came', '확인 못 함: 최근 48시간 안에 나온 것이 없습니다'],
  missing: ['could not check: some are missing', '확인 못 함: 빠진 것이 있습니다'],
  'too many': ['could not check: there are too many new ones', '확인 못 함: 새로 나온 것이 너무 많습니다'],
  withdrawn: ['the newest is older than one that was there before', '전에 받은 것보다 오래된 것이 왔습니다'],
  conflicting: [
    'two different ones have the same number; both are kept here as evidence',
    '번호가 같은데 내용이 다른 것이 둘 있습니다. 증거로 둘 다 보관합니다',
  ],
};

/** What is wrong with the lists of a source. @param {Fault} fault @param {ListSource} source @returns {Pair} */
export function faultInWords(fault, { kind, role }) {
  const [english, korean] = FAULTS[fault];
  const party = role === Role.OPERATOR ? ['The operator', '운영자'] : ['The health authority', '보건당국'];
  const lists = kind === 'notices' ? ['notices', '알림'] : ['list of openings', '열람 공개 목록'];
  return [`${party[0]}'s ${lists[0]}: ${english}.`, `${party[1]}의 ${lists[1]}: ${korean}.`];
}
