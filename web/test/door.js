/**
 * The doors' page without its screens, driven line by line as conformance/README.md says. Its store is in memory, and its
 * server tells it keys and answers nothing else: then the page leaves papers, and who leaves and did not come in here, to
 * others.
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { DoorClock } from '../door/clock.js';
import { Door } from '../door/door.js';
import { DECISIONS } from '../door/words.js';
import { Direction, signedPassParts } from '../protocol/checkIns.js';
import { Openness } from '../protocol/deliveries.js';
import { Decision } from '../protocol/httpMessages.js';
import { Malformed } from '../protocol/primitives/errors.js';
import { fromQrText } from '../protocol/qrText.js';
import { Unreachable } from '../ui/problems.js';
import { readDomain } from '../visitor/domain.js';
import { MemoryDoorStore } from './door/imitated.js';
import { answerLines } from './lines.js';

/** @typedef {Record<string, any>} Values */

const UNSUPPORTED = { error: 'unsupported' };
const TOKEN = new Uint8Array(32);

let now = 0;
/** @type {any} */
let store;
/** @type {Values} */
let view = {};
/** @type {Door} */
let door;
/** The passes that came in. @type {Set<string>} */
let inside = new Set();

const silent = async () => {
  throw new Unreachable('this server answers nothing');
};
const server = /** @type {any} */ ({
  view: async () => ({ ...view, time: now }),
  deliver: silent,
  paper: silent,
  assist: silent,
});

async function restart() {
  door = await Door.open(store, server, new DoorClock(() => now), TOKEN);
  return { result: {} };
}

/** Have the page fetch what its server says now. */
async function refresh() {
  await door.refresh(0);
  return { result: {} };
}

/** @param {Values} pinned */
function domainView({ tolerance, ...pinned }) {
  const [operator, authority] = ['operator', 'authority'].map((party) => ({
    ...pinned[party],
    url: `https://${party}.example`,
  }));
  const { domain } = readDomain({ ...pinned, operator, authority });
  return { domain, tolerance, openness: Openness.OPEN, epochs: [] };
}

/** @param {number} number */
const viewOf = (number) => view.domains.find((/** @type {Values} */ { domain }) => domain.number === number);

/** What a text says of a pass, if it is of a check-in. @param {string} text */
function passOf(text) {
  try {
    const message = fromQrText(text);
    return { pass: `${message.domain} ${signedPassParts(message).u}`, direction: message.direction };
  } catch (error) {
    if (error instanceof Malformed) return { pass: '', direction: null };
    throw error;
  }
}

/** @type {Record<string, (request: Values) => Promise<Values>>} */
const OPERATIONS = {
  begin({ venue, domains }) {
    store = new MemoryDoorStore();
    inside = new Set();
    view = {
      venueId: hexToBytes(venue),
      name: '클럽',
      door: 'front door',
      assisted: null,
      domains: domains.map(domainView),
    };
    return restart();
  },
  restart,
  learn({ domain, epoch, operator, authority }) {
    const of = viewOf(domain);
    const others = of.epochs.filter((/** @type {Values} */ one) => one.epoch !== epoch);
    of.epochs = [...others, { epoch, operator: hexToBytes(operator), authority: hexToBytes(authority) }];
    return refresh();
  },
  close({ domain }) {
    viewOf(domain).openness = Openness.CLOSED;
    return refresh();
  },
  async decide({ text }) {
    const { pass, direction } = passOf(text);
    const { kind, reason } = await door.decide(text);
    const isAdmitted = kind === 'enter' || kind === 'exit';
    if (isAdmitted && direction === Direction.EXIT && !inside.has(pass)) return UNSUPPORTED;
    if (isAdmitted && direction === Direction.ENTRY) inside.add(pass);
    const refusal = Object.entries(Decision).find(([, value]) => DECISIONS[value] === reason)?.[0];
    const decision = isAdmitted ? 'ADMITTED' : refusal;
    return decision === undefined ? UNSUPPORTED : { result: { decision } };
  },
};

await answerLines(async (request) => {
  now = request.now;
  return Object.hasOwn(OPERATIONS, request.do) ? OPERATIONS[request.do](request) : UNSUPPORTED;
});
