/** A venue's hours as a picture: when it committed and when not, how many came, and the window that is chosen. */

/** @import { Pair } from '../../ui/language.js' */

import { drawing, element, fill } from '../../ui/dom.js';
import { say } from '../../ui/language.js';
import { counted, localTime, several, shortTime } from '../times.js';

/** An officer chooses whole steps of so many seconds. */
const STEP = 600;
const HOUR = 3600;
const LABELS = 4;
const [WIDTH, HEIGHT, BASE] = [1000, 100, 76];

/** Times from the first up to, not including, the second, in Unix seconds. @typedef {readonly [number, number]} Span */

/**
 * What is drawn: `commitments` are the times at which the venue committed, `pauses` are when it did not for long,
 * `arrivals` how many came from a time on, in an hour, and `windows` those that are chosen already.
 * @typedef {object} Hours
 * @property {Span} shown
 * @property {number} offset
 * @property {readonly number[]} [commitments]
 * @property {readonly Span[]} [pauses]
 * @property {readonly (readonly [number, number])[]} [arrivals]
 * @property {readonly Span[]} [windows]
 */

/** The picture; with `onchoose` also two handles, for a pointer and for the keyboard, of the window that is chosen. */
export class TimeLine extends HTMLElement {
  /** @type {Hours} */
  #hours = { shown: [0, HOUR], offset: 0 };
  /** @type {Span | null} */
  #chosen = null;
  /** @type {((chosen: Span) => void) | null} */
  #onchoose = null;
  #track = element('div', { class: 'track' });
  #band = element('div', { class: 'band' });
  /** @type {HTMLElement[]} */
  #handles = [];

  /**
   * @param {Hours} hours @param {Span | null} [chosen] @param {((chosen: Span) => void) | null} [onchoose]
   * @returns {this}
   */
  show(hours, chosen = null, onchoose = null) {
    [this.#hours, this.#chosen, this.#onchoose] = [hours, chosen, onchoose];
    this.#handles = onchoose ? [this.#handle(0), this.#handle(1)] : [];
    fill(this.#track, this.#picture(), this.#band, this.#handles);
    fill(this, this.#track, this.#labels(), this.#legend());
    this.#place();
    return this;
  }

  /** Choose another window from outside, as a field does. @param {Span} chosen */
  choose(chosen) {
    this.#chosen = chosen;
    this.#place();
  }

  connectedCallback() {
    this.#track.onpointerdown = (event) => this.#drag(event);
  }

  #picture() {
    const { arrivals = [], commitments = [], pauses = [], windows = [], offset } = this.#hours;
    const most = Math.max(1, ...arrivals.map(([, count]) => count));
    const bars = arrivals.map(([time, count]) => {
      const high = (count / most) * (BASE - 8);
      const bar = this.#box('arrival', [time + HOUR / 20, time + HOUR * 0.95], BASE - high, high);
      bar.append(title(`${localTime(time, offset)}: ${counted(count)}`));
      return bar;
    });
    const ticks = commitments.map((time) => {
      const x = this.#x(time);
      return drawing('path', { class: 'commitment', d: `M${x} ${BASE + 6}V${HEIGHT}` });
    });
    return drawing(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': this.#inWords(),
      },
      hatching(),
      ...windows.map((span) => this.#box('window', span, 0, HEIGHT)),
      ...pauses.map((span) => this.#box('pause', span, BASE + 4, HEIGHT - BASE - 4)),
      drawing('path', { class: 'base', d: `M0 ${BASE}H${WIDTH}` }),
      ...bars,
      ...ticks,
    );
  }

  /** @param {string} kind @param {Span} span @param {number} y @param {number} height */
  #box(kind, [begins, ends], y, height) {
    const [x, end] = [this.#x(begins), this.#x(ends)];
    return drawing('rect', { class: kind, x, y, width: Math.max(end - x, 1), height });
  }

  #inWords() {
    const { shown, arrivals = [], commitments = [], pauses = [], offset } = this.#hours;
    const [begins, ends] = shown.map((time) => localTime(time, offset));
    const inside = commitments.filter((time) => shown[0] <= time && time < shown[1]).length;
    const came = arrivals.reduce((total, [, count]) => total + count, 0);
    return say([
      `From ${begins} to ${ends}: ${several(inside, 'commitment')}, ${several(pauses.length, 'long pause')}` +
        `${arrivals.length ? `, ${several(came, 'arrival')}` : ''}`,
      `${begins}부터 ${ends}까지: 기록 확약 ${inside}건, 긴 공백 ${pauses.length}건` +
        `${arrivals.length ? `, 입장 ${came}건` : ''}`,
    ]);
  }

  #labels() {
    const { shown, offset } = this.#hours;
    const times = Array.from({ length: LABELS + 1 }, (_, i) => shown[0] + ((shown[1] - shown[0]) * i) / LABELS);
    return element(
      'div',
      { class: 'labels', 'aria-hidden': 'true' },
      times.map((time) => element('span', {}, shortTime(time, offset))),
    );
  }

  #legend() {
    const { arrivals = [], commitments = [], pauses = [], windows = [] } = this.#hours;
    const most = counted(Math.max(0, ...arrivals.map(([, count]) => count)));
    /** @type {[boolean, string, Pair][]} */
    const keys = [
      [arrivals.length > 0, 'arrival', [`arrivals in an hour, ${most} at most`, `시간당 입장(최대 ${most}건)`]],
      [commitments.length > 0, 'commitment', ['the venue committed', '시설이 기록을 확약한 때']],
      [pauses.length > 0, 'pause', ['no commitment for long', '오래 확약하지 않음']],
      [windows.length > 0, 'window', ['window of the case', '사건의 시간대']],
      [this.#onchoose !== null, 'chosen', ['chosen now', '지금 고른 시간대']],
    ];
    return element(
      'ul',
      { class: 'legend small soft' },
      keys.flatMap(([has, kind, words]) =>
        has ? [element('li', {}, element('span', { class: `key ${kind}`, 'aria-hidden': 'true' }), say(words))] : [],
      ),
    );
  }

  /** @param {0 | 1} end */
  #handle(end) {
    return element('div', {
      class: 'handle',
      role: 'slider',
      tabindex: 0,
      'aria-label': say(end === 0 ? ['Start of the window', '시간대 시작'] : ['End of the window', '시간대 끝']),
      onkeydown: (event) => this.#step(event, end),
    });
  }

  /** @param {KeyboardEvent} event @param {0 | 1} end */
  #step(event, end) {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -6, PageUp: 6 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (!step || !this.#chosen) return;
    event.preventDefault();
    this.#move(end, this.#chosen[end] + step * STEP);
  }

  /** Move one end, which does not pass the other. @param {0 | 1} end @param {number} time */
  #move(end, time) {
    if (!this.#chosen) return;
    const { shown } = this.#hours;
    const moved = Math.min(Math.max(time, shown[0]), shown[1]);
    const [begins, ends] = this.#chosen;
    this.#chosen = end === 0 ? [Math.min(moved, ends - STEP), ends] : [begins, Math.max(moved, begins + STEP)];
    this.#place();
    this.#onchoose?.(this.#chosen);
  }

  /** A pointer moves the nearer handle; away from both it begins a new window. @param {PointerEvent} event */
  #drag(event) {
    if (!this.#onchoose || event.button !== 0) return;
    const { left, width } = this.#track.getBoundingClientRect();
    const [from, until] = this.#hours.shown;
    /** @param {PointerEvent} at */
    const timeAt = (at) => Math.round((from + ((at.clientX - left) / width) * (until - from)) / STEP) * STEP;
    const pressed = this.#handles.indexOf(/** @type {HTMLElement} */ (event.target));
    const start = timeAt(event);
    let end = /** @type {0 | 1} */ (pressed === 0 ? 0 : 1);
    if (pressed < 0) this.#chosen = [Math.min(start, until - STEP), Math.min(start, until - STEP) + STEP];
    const anchor = (this.#chosen ?? [start, start])[1 - end];
    this.#track.setPointerCapture(event.pointerId);
    this.#track.onpointermove = (moved) => {
      const time = timeAt(moved);
      if (pressed < 0 && time < anchor) {
        this.#chosen = [Math.max(time, from), anchor];
        end = 0;
      }
      this.#move(end, time);
    };
    this.#track.onpointerup = () => {
      this.#track.onpointermove = null;
    };
    this.#move(end, this.#chosen ? this.#chosen[end] : start);
  }

  /** Put band and handles where the chosen window is. */
  #place() {
    this.#band.hidden = !this.#chosen;
    if (!this.#chosen) return;
    const { shown, offset } = this.#hours;
    const [x, end] = this.#chosen.map((time) => this.#x(time) / 10);
    Object.assign(this.#band.style, { left: `${x}%`, width: `${Math.max(end - x, 0)}%` });
    this.#handles.forEach((handle, place) => {
      const time = /** @type {Span} */ (this.#chosen)[place];
      handle.style.left = `${[x, end][place]}%`;
      handle.setAttribute('aria-valuemin', String(shown[0]));
      handle.setAttribute('aria-valuemax', String(shown[1]));
      handle.setAttribute('aria-valuenow', String(time));
      handle.setAttribute('aria-valuetext', localTime(time, offset));
    });
  }

  /** Where a time is, from 0 to `WIDTH`. @param {number} time */
  #x(time) {
    const [from, until] = this.#hours.shown;
    return Math.min(Math.max(((time - from) / (until - from)) * WIDTH, 0), WIDTH);
  }
}

customElements.define('desk-time-line', TimeLine);

/** @param {string} text */
function title(text) {
  const made = drawing('title', {});
  made.append(text);
  return made;
}

/** Lines aslant, for what has no colour of its own. */
function hatching() {
  const lines = drawing('path', { d: 'M0 8L8 0M-2 2L2 -2M6 10L10 6', class: 'hatch' });
  const pattern = drawing('pattern', { id: 'hatched', width: 8, height: 8, patternUnits: 'userSpaceOnUse' }, lines);
  return drawing('defs', {}, pattern);
}
