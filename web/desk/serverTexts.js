/** What the server tells in English of windows, releases and openings, in Korean. */

/** Parts of what is told, and the Korean. The longer ones come first. @type {readonly (readonly [RegExp, string])[]} */
const PARTS = [
  [/there is a warrant for this very window already/u, '이 시간대의 승인서가 이미 있습니다'],
  [
    /the window ends in the future: what is admitted from now on is not released under this warrant/u,
    '시간대의 끝이 미래입니다. 지금부터 입장하는 기록은 이 승인서로 받을 수 없습니다',
  ],
  [/the window ends before it begins/u, '시간대의 끝이 시작보다 빠릅니다'],
  [/the window is in the future/u, '시간대가 미래입니다'],
  [/the window is longer than a day/u, '시간대가 하루보다 깁니다'],
  [/the window is longer than (\d+) days; draw several warrants/u, '시간대가 $1일보다 깁니다. 나누어 작성해 주세요'],
  [/(\S+) is not kept: nothing of it opens/u, '$1의 키는 남아 있지 않아 그날의 기록은 열 수 없습니다'],
  [/the warrant is for more than (\d+) records/u, '승인서의 최대 건수가 $1건을 넘습니다'],
  [
    /the venue has never committed: what it admitted later is not released under this warrant/u,
    '시설이 기록을 확약한 적이 없어 이 승인서로 받을 기록이 없습니다',
  ],
  [
    /the venue has last committed (\S+ \S+?): what it admitted later is not released under this warrant/u,
    '시설의 마지막 확약은 $1입니다. 그 뒤에 입장한 기록은 이 승인서로 받을 수 없습니다',
  ],
  [
    /the venue did not commit from (\S+ \S+) until (\S+ \S+): among .* could be another venue's check-ins/u,
    '시설이 $1부터 $2까지 확약하지 않았습니다. 그때의 기록에는 다른 시설의 것이 섞여 있을 수 있습니다',
  ],
  [
    /the venue did not commit until (\S+ \S+): among .* could be another venue's check-ins/u,
    '시설이 $1까지 확약하지 않았습니다. 그때의 기록에는 다른 시설의 것이 섞여 있을 수 있습니다',
  ],
  [
    /every day of the window is erased: its check-ins can never be opened/u,
    '이 시간대의 키는 모두 삭제되어 기록을 열 수 없습니다',
  ],
  [
    /no day of the window is kept any more: its check-ins can never be opened/u,
    '이 시간대의 키는 더 이상 남아 있지 않아 기록을 열 수 없습니다',
  ],
  [/the window is before the domain's first day/u, '도메인이 시작되기 전의 시간대입니다'],
  [/(\d+) visits released/u, '방문 $1건을 받았습니다'],
  [/(\d+) of (\d+) visits opened, (\d+) contacts/u, '방문 $2건 중 $1건을 열어 접촉자 $3명을 찾았습니다'],
  [/, (\d+) asserted by the venue, not verified/u, ', 시설이 적은 미확인 $1명'],
  [/ in (\d+) parts/u, '(나누어 $1번)'],
  [/a visit of which two parts show something counts in both/u, '두 번에 나뉘어 온 방문은 양쪽에서 셉니다'],
  [/; (\d+) set aside: /gu, '; 제외 $1건: '],
  [
    /the venue has committed to (\d+) check-ins with a time in the window/u,
    '시설이 이 시간대의 기록 $1건을 확약했습니다',
  ],
  [
    /until (\S+ \S+?) a commitment may be on its way to one of the parties; what is opened before .*/u,
    '$1까지는 확약이 전달되는 중일 수 있어, 그 전에 열면 빠지는 방문이 있을 수 있습니다',
  ],
  [
    /(\d+) of them with a pass that was opened for another venue too/u,
    '그중 $1건은 다른 시설 방문으로도 열린 패스입니다',
  ],
  [/(\d+) of them with a pass that was opened for another venue$/u, '그중 $1건은 다른 시설 방문으로 이미 열린 패스입니다'],
  [
    /(\d+) of them on days that are erased here: they can never be opened/u,
    '그중 $1건은 키가 삭제된 날의 방문이라 열 수 없습니다',
  ],
  [
    /when the warrant was issued it had last committed (\S+ \S+?): if it admitted more, .*/u,
    '승인서를 작성할 때 마지막 확약은 $1였습니다. 그 뒤에 더 입장했다면 시설에서 확약하고 다시 작성해 주세요',
  ],
  [
    /when the warrant was issued it had never committed: if it admitted more, .*/u,
    '승인서를 작성할 때 시설은 확약한 적이 없습니다. 입장한 사람이 있다면 시설에서 확약하고 다시 작성해 주세요',
  ],
  [
    /it had not committed to (\d+) more when the warrant was issued, it says: .*/u,
    '승인서를 작성할 때 확약하지 않은 기록이 $1건 더 있다고 합니다. 시설에서 확약하고 다시 작성해 주세요',
  ],
  [
    /(\d+) of (\d+) parts are not opened yet: run .*/u,
    '$2개 부분 중 $1개를 아직 열지 않았습니다. 시설에 다시 요청하고 다시 열어 주세요',
  ],
  [/some parts are not here yet: run .*/u, '아직 오지 않은 부분이 있습니다. 시설에 다시 요청하고 다시 열어 주세요'],
  [/^admitted$/u, '인정된 방문'],
  [/^opened$/u, '열린 방문'],
  [/^opened, deleted after retention$/u, '열었다가 보존 기간이 지나 지운 방문'],
  [/^opened for another venue too$/u, '다른 시설 방문으로도 열린 패스'],
  [/^released, not opened yet$/u, '받았으나 아직 열지 않은 방문'],
  [/^not committed$/u, '시설이 확약하지 않은 기록'],
  [/^set aside: /u, '제외: '],
  [/^windows$/u, '시간대'],
  [/one party alone admits it/u, '한 기관만 인정함'],
  [/closed, because a party may have erased its share of the day/u, '그날의 키 조각이 삭제되었을 수 있음'],
  [/its time does not fit the venue's commitments/u, '시각이 시설의 확약과 맞지 않음'],
  [/the venue committed to it too late/u, '시설이 너무 늦게 확약함'],
  [/its proof does not hold/u, '증명이 올바르지 않음'],
  [/its signature does not hold/u, '서명이 올바르지 않음'],
  [/it leads to nobody in the directory/u, '명부에 해당하는 사람이 없음'],
  [/a party gave no valid share/u, '한 기관의 키 조각이 없음'],
  [/outside what the warrant is for/u, '승인서의 범위 밖'],
  [/its pass was opened for another venue/u, '다른 시설 방문으로 이미 열린 패스'],
  [/it is of another domain/u, '다른 도메인의 것'],
  [/it is of another day/u, '다른 날의 것'],
  [/the venue does not show it/u, '시설이 내놓지 않음'],
  [/it is malformed/u, '형식이 올바르지 않음'],
  [/it does not hold/u, '규칙에 맞지 않음'],
];

/** A text of the server in Korean, as far as it is known. @param {string} text */
export const inKorean = (text) => PARTS.reduce((before, [pattern, korean]) => before.replace(pattern, korean), text);
