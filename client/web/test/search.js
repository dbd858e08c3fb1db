/** How long searching a notice takes: `node search.js '{"domain": hex, "passes": [hex], "lists": n}' < statement`. */

import { readFileSync } from 'node:fs';
import { sha512 } from '@noble/hashes/sha2.js';
import { Domain } from '../epochs.js';
import { concerns, noticedVisit, verifyNotice } from '../notices.js';
import { encoded, hex, list } from './replays/values.js';

const { domain: domainInHex, passes: passesInHex, lists } = JSON.parse(process.argv[2]);
const domain = encoded(Domain)(domainInHex);
const passes = list(hex)(passesInHex);
const statement = Uint8Array.from(readFileSync(0));

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
const floor = seconds(() => {
  sha512(statement);
  passes.forEach((u) => noticedVisit(1, u));
});
process.stdout.write(JSON.stringify({ seconds: measured, floor, found }));
