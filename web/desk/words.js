/**
 * What officers are told of states, decisions and refusals.
 *
 * @import { Pair } from '../ui/language.js'
 */

import { SplitPassError } from '../protocol/primitives/errors.js';
import { say } from '../ui/language.js';
import { Problem, Unreachable } from '../ui/problems.js';
import { printable, sentence } from '../ui/text.js';
import { DeskError } from './errors.js';
import { inKorean } from './serverTexts.js';

/** How far a warrant, or a part of a case, has come. @type {Record<string, Pair>} */
const STATES = {
  'not drawn': ['Not drawn', '작성 전'],
  drawn: ['Our officers decide', '우리 기관 결정 중'],
  proposed: ['Waiting for the other party', '상대 기관 확인 대기'],
  pending: ['To decide', '결정 대기'],
  countersigned: ['Countersigned', '상대 기관 승인'],
  refused: ['Refused', '거절됨'],
  released: ['Released by the venue', '시설 기록 받음'],
  shared: ['Being opened', '열람 중'],
  opened: ['Opened', '열람됨'],
  withdrawn: ['Withdrawn', '철회됨'],
  expired: ['Expired', '기한 지남'],
  waiting: ['Officers decide', '담당자 결정 중'],
  approved: ['Approved, to be carried out', '승인됨, 실행 대기'],
  done: ['Done', '완료'],
  ahead: ['Ahead', '예정'],
  current: ['Today', '오늘'],
  kept: ['Kept', '보존 중'],
  erased: ['Erased', '삭제됨'],
};

/** A state in words. @param {string} state */
export const stateInWords = (state) => say(STATES[state] ?? [state, state]);

/** What leads to the decision on a warrant in a state. @param {string} state */
export const decisionLink = (state) =>
  say(['drawn', 'pending'].includes(state) ? ['Read and decide', '읽고 결정'] : ['Approvals', '승인 내역']);

/** What officers decide on. @type {Record<string, Pair>} */
export const KINDS = {
  warrant: ['Warrant', '승인서'],
  notice: ['Notice', '알림'],
  venue: ['Venue', '시설'],
  erase: ['Erasure', '삭제'],
  officers: ['Officers', '담당자'],
};

/** What a job does. @type {Record<string, Pair>} */
const JOBS = {
  propose: ['Telling the other party', '상대 기관에 보내는 중'],
  look: ['Asking the other party', '상대 기관에 확인하는 중'],
  release: ['Asking the venues', '시설에 요청하는 중'],
  open: ['Opening', '여는 중'],
  withdraw: ['Withdrawing', '철회하는 중'],
  countersign: ['Countersigning', '승인하는 중'],
  refuse: ['Refusing', '거절하는 중'],
  'refuse venue': ['Refusing the venue', '시설을 거절하는 중'],
  'approve venue': ['Approving the venue', '시설을 승인하는 중'],
  'publish notice': ['Publishing the notice', '알림을 공개하는 중'],
  erase: ['Erasing', '삭제하는 중'],
  'change officers': ['Changing the officers', '담당자를 바꾸는 중'],
};

/** @param {string} what */
export const jobInWords = (what) => say(JOBS[what] ?? [what, what]);

/** @type {Record<string, string>} */
const PROBLEMS = {
  unauthenticated: '로그인이 끝났습니다. 다시 로그인해 주세요',
  'unknown-invitation': '이미 썼거나 기한이 지난 등록 링크입니다. 새 링크를 받아 주세요',
  'wrong-passkey': '패스키 서명이 올바르지 않습니다',
  'not-an-officer': '현재 담당자 명단에 없는 패스키입니다',
  'wrong-origin': '이 주소로는 쓸 수 없습니다. 명령이 알려 주는 주소로 여세요',
  'too-many-requests': '요청이 너무 많습니다. 잠시 후 다시 해 주세요',
  'unknown-matter': '그런 안건이 없습니다',
  'challenge-used': '서명 요청이 끝났습니다. 처음부터 다시 해 주세요',
  'matter-closed': '이미 처리된 안건입니다',
  'not-approved': '필요한 승인이 아직 모이지 않았습니다',
  'unknown-job': '작업 정보가 없습니다. 서버가 다시 시작되었을 수 있습니다',
  'unknown-case': '그런 사건이 없습니다',
  'case-exists': '같은 이름의 사건이 있습니다',
  'case-closed': '종결된 사건입니다',
  'case-unfinished': '아직 열지 않은 승인서가 있어 종결할 수 없습니다. 열거나 철회해 주세요',
  'unknown-window': '그런 시간대가 없습니다',
  'window-in-use': '이 시간대에는 유효한 승인서가 있습니다. 먼저 철회해 주세요',
  'no-warrant': '이 시간대에는 승인서를 작성할 수 없습니다',
  'venue-pending': '아직 승인되지 않은 시설입니다',
  'unknown-venue': '신청한 적이 없는 시설입니다',
  'venue-offline': '시설에 요청을 받을 서버가 없습니다',
  'venue-changed': '시설 정보가 바뀌었습니다. 다시 요청해 주세요',
  'unknown-warrant': '그런 승인서가 없습니다',
  'warrant-pending': '상대 기관이 아직 결정하지 않았습니다',
  'warrant-refused': '상대 기관이 거절했습니다',
  'warrant-withdrawn': '철회된 승인서입니다',
  'warrant-opened': '이미 열람을 시작했거나 알림에 서명해 철회할 수 없습니다',
  'warrant-exhausted': '승인서의 최대 건수를 넘습니다',
  'warrant-decided': '이미 결정된 승인서입니다',
  'no-release': '먼저 시설에 기록을 요청해 주세요',
  'not-opened': '아직 열지 않았거나, 연 기록이 더 이상 남아 있지 않은 승인서입니다',
  'notice-exists': '이미 알림을 낸 승인서입니다',
  'epoch-erased': '이미 삭제한 날입니다',
  'unknown-epoch': '그런 날이 없습니다',
  'peer-unreachable': '상대 기관의 서버가 응답하지 않습니다. 나중에 다시 해 주세요',
  'peer-failed': '상대 기관이 처리하지 못했습니다. 나중에 다시 해 주세요',
  'storage-failed': '저장하지 못했습니다. 나중에 다시 해 주세요',
  'internal-error': '서버에 오류가 있습니다. 기록을 확인해 주세요',
  'not-found': '찾을 수 없습니다',
};

/** What the server tells of a step, or of a window. @param {string} text */
export const told = (text) => say([printable(text), inKorean(printable(text))]);

/** @param {string} name @param {string} detail @returns {Pair} */
const refusal = (name, detail) => [sentence(detail), `${PROBLEMS[name] ?? '서버가 거절했습니다'} (${name}).`];

/** Why something could not be done, by a problem's name and its text. @param {string} name @param {string} detail */
export const problemInWords = (name, detail) => say(refusal(name, detail));

/** Why something could not be done, for a person. @param {unknown} error @returns {Pair} */
export function errorInWords(error) {
  if (error instanceof DeskError) return error.words;
  if (error instanceof Unreachable) {
    return [
      'The desk does not answer. Is its command still running?',
      '서버가 응답하지 않습니다. 명령이 실행 중인지 확인해 주세요.',
    ];
  }
  if (error instanceof Problem) {
    return refusal(error.problem, error.message);
  }
  if (error instanceof SplitPassError) {
    return [
      `What the server sent is not as it has to be: ${error.message}. Nothing was signed.`,
      `서버가 보낸 내용이 올바르지 않습니다(${error.name}). 서명하지 않았습니다.`,
    ];
  }
  throw error;
}
