/**
 * The visitors' page without its screens, driven line by line as conformance/README.md says. Its store is in memory.
 *
 * @import { Screen } from '../visitor/visits.js'
 */

import { bytesToHex } from '@noble/hashes/utils.js';
import { Decision } from '../protocol/httpMessages.js';
import { SplitPassError } from '../protocol/primitives/errors.js';
import { internationalNumber } from '../ui/people.js';
import { Problem, Unreachable } from '../ui/problems.js';
import { readDomain } from '../visitor/domain.js';
import { confirmCode, requestCode } from '../visitor/enrolment.js';
import { NoVisit, VisitorError } from '../visitor/errors.js';
import { LIST_SOURCES, faultsOf, searchLists } from '../visitor/lists.js';
import { printPapers } from '../visitor/papers.js';
import { fetchPasses } from '../visitor/passes.js';
import { fetchPoster } from '../visitor/poster.js';
import { Visitor } from '../visitor/visitor.js';
import { checkIn, checkOut, openEntries, openExits } from '../visitor/visits.js';
import { groupsOf, usedPasses, whoCanLeave } from '../visitor/wallet.js';
import { answerLines } from './lines.js';
import { MemoryStore } from './visitor/imitated.js';

/** @typedef {Record<string, any>} Values */

const REFUSALS = [SplitPassError, VisitorError, Problem, Unreachable];

let now = 0;
/** @type {any} */
let store;
/** @type {ReturnType<typeof readDomain>} */
let servers;
/** @type {Visitor} */
let visitor;
/** @type {Screen[]} */
let screens = [];

/** What a venue is asked through: the page has a document of its own for it. */
const venueClient = /** @type {any} */ ({
  /** @param {string} method @param {string} url @param {Uint8Array} [body] */
  call: (method, url, body) => visitor.client.call(method, url, { body }),
});

function restart() {
  visitor = new Visitor(store, servers, () => now);
  screens = [];
  return {};
}

const renew = () => ({ texts: screens.map((screen) => screen.text(now)) });

/** @param {(keyof typeof Decision)[] | number[]} said the first refusal, or that all were admitted */
function joint(said) {
  const decision = said.find((one) => one !== Decision.ADMITTED) ?? Decision.ADMITTED;
  return { decision: decisionName(decision) };
}

/** @param {unknown} decision */
const decisionName = (decision) => Object.entries(Decision).find(([, value]) => value === decision)?.[0] ?? null;

async function latest() {
  const group = groupsOf(await visitor.wallet()).at(-1);
  if (!group) throw new NoVisit(['There is no visit.', '방문 기록이 없습니다.']);
  return whoCanLeave(group);
}

/** @type {Record<string, (request: Values) => Values | Promise<Values>>} */
const OPERATIONS = {
  begin({ domain }) {
    store = new MemoryStore();
    servers = readDomain(domain);
    return restart();
  },
  restart,
  async enrol({ phone, name, code }) {
    const number = internationalNumber(phone);
    await requestCode(visitor, number);
    await confirmCode(visitor, number, name, code);
    return {};
  },
  async fetch({ epoch }) {
    await fetchPasses(visitor, epoch);
    return {};
  },
  async show({ people }) {
    screens = await openEntries(visitor, people);
    return renew();
  },
  renew,
  async leave() {
    screens = await openExits(visitor, await latest());
    return renew();
  },
  async print({ epoch, count }) {
    return { texts: await printPapers(visitor, epoch, count) };
  },
  async 'read-poster'({ link }) {
    const { name, url } = await fetchPoster(venueClient, visitor.domain, link);
    return { name, url };
  },
  async 'check-in'({ link, people }) {
    const venue = await fetchPoster(venueClient, visitor.domain, link);
    return joint(await checkIn(visitor, venueClient, venue, people));
  },
  async 'check-out'() {
    return joint(await checkOut(visitor, venueClient, await latest()));
  },
  async search() {
    await searchLists(visitor);
    const said = await Promise.all(LIST_SOURCES.map(async (source) => [source.name, await faultsOf(visitor, source)]));
    return { faults: Object.fromEntries(said) };
  },
  async wallet() {
    const wallet = await visitor.wallet();
    const { notices, openings } = await visitor.findings.all(usedPasses(wallet));
    return {
      passes: Object.fromEntries(wallet.days.map(({ epoch, passes }) => [epoch, passes.length])),
      visits: wallet.visits.map(({ u, epoch, entered, left, venue, answer }) => ({
        u: bytesToHex(u),
        epoch,
        entered,
        left,
        venue: venue && bytesToHex(venue.venueId),
        answer: decisionName(answer),
      })),
      papers: wallet.papers.map(({ u }) => bytesToHex(u)),
      notices: notices.map(({ u, number, advice }) => ({ u: bytesToHex(u), number, advice })),
      openings: openings.map(({ u, warrantId, legalReference }) => ({
        u: bytesToHex(u),
        warrant: bytesToHex(warrantId),
        reference: legalReference,
      })),
    };
  },
};

await answerLines(async (request) => {
  now = request.now;
  if (!Object.hasOwn(OPERATIONS, request.do)) return { error: 'unsupported' };
  try {
    return { result: await OPERATIONS[request.do](request) };
  } catch (error) {
    const refusal = REFUSALS.find((kind) => error instanceof kind);
    if (!refusal) throw error;
    return { error: /** @type {Error} */ (error).constructor.name };
  }
});
