/** What a door cannot do, said where staff need it. */

/** @import { Pair } from '../../ui/language.js' */

/** @type {{ title: Pair, text: Pair }} */
export const OFFLINE = {
  title: ['Without the server', '서버 없이 확인 중'],
  text: [
    'The door goes on, and delivers what it admits when the server is there again. Until then it cannot know what was ' +
      'used at another door, and takes neither paper nor names. Keep this page and its data.',
    '출입문은 계속 쓸 수 있고, 서버가 다시 응답하면 기록을 전달합니다. 그때까지 다른 출입문에서 쓴 코드인지는 알 수 없고, ' +
      '종이 출입증과 이름 입장은 쓸 수 없습니다. 이 화면과 브라우저 데이터를 지우지 마세요.',
  ],
};

/** @type {readonly Pair[]} */
export const LIMITS = [
  [
    'Two doors without the server may both admit one code. What the server refuses later is listed above.',
    '서버와 연결되지 않은 두 출입문에서는 같은 코드가 모두 통과할 수 있습니다. 나중에 서버가 거절하면 위에 나옵니다.',
  ],
  [
    'Whoever clears this browser’s data loses what was not delivered.',
    '브라우저 데이터를 지우면 아직 전달하지 않은 기록이 사라집니다.',
  ],
  [
    'If this device is lost, have its reader revoked at once.',
    '기기를 잃어버리면 바로 시설 관리자에게 알려 연결을 해지해 주세요.',
  ],
  [
    'End the shift when nobody comes any more: the venue waits for this door.',
    '더 올 사람이 없으면 근무를 마쳐 주세요. 시설 서버가 이 출입문의 기록을 기다립니다.',
  ],
];
