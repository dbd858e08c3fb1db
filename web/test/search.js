/** What searching a notice takes: `node search.js '{"domain": hex, "passes": [hex], "lists": n}' < statement`. */

import { existsSync, readFileSync } from 'node:fs';
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
  return (peakKilobytes() * 1024) / 1e6;
}

function peakKilobytes() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const peak = /^VmHWM:\s+(\d+)/mu.exec(status);
  return peak === null ? process.resourceUsage().maxRSS : Number(peak[1]);
}

/** The processor time that `search` takes for all lists. @param {() => void} search */
function seconds(search) {
  const begin = process.cpuUsage().user;
  for (let i = 0; i < lists; i++) search();
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
