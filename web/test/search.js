/** What searching a notice takes: `node search.js '{"domain": hex, "passes": [hex], "lists": n}' < statement`. */

import { readFileSync } from 'node:fs';
import { sha512 } from '@noble/hashes/sha2.js';
import { Domain } from '../protocol/epochs.js';
import { concerns, noticedVisit, verifyNotice } from '../protocol/notices.js';
import { encoded, hex, list } from './replays/values.js';

const { domain: domainInHex, passes: passesInHex, lists } = JSON.parse(process.argv[2]);
const domain = encoded(Domain)(domainInHex);
const passes = list(hex)(passesInHex);
const before = peakMegabytes();
const statement = readStatement();

function readStatement() {
  const bytes = readFileSync(0);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The most memory that this process has ever had. Linux alone does not count its parent's. */
function peakMegabytes() {
  try {
    return (Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024) / 1e6;
  } catch {
    return (process.resourceUsage().maxRSS * 1024) / 1e6;
  }
}

function seconds(searchOne) {
  const begin = process.cpuUsage().user;
  for (let i = 0; i < lists; i++) searchOne();
  return (process.cpuUsage().user - begin) / 1e6;
}

let found = 0;
const measured = seconds(() => {
  const notice = verifyNotice(domain, statement);
  found = passes.filter((u) => concerns(notice, u)).length;
});
const peak = peakMegabytes();
const floor = seconds(() => {
  sha512(statement);
  passes.forEach((u) => noticedVisit(1, u));
});
process.stdout.write(
  JSON.stringify({
    found,
    seconds: measured,
    floor_seconds: floor,
    peak_megabytes: peak,
    floor_megabytes: before + statement.length / 1e6,
  }),
);
