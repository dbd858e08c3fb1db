import { DisclosedOpening, OpeningRecord, commitment, names, verifyDisclosure } from '../../protocol/disclosures.js';
import { Domain } from '../../protocol/epochs.js';
import { concerns, verifyNotice } from '../../protocol/notices.js';
import { recordOpening, signDisclosure, signNotice } from '../parties/notices.js';
import { Warrant } from '../parties/warrants.js';
import { draws, encoded, hex, list, nullable, number, string } from './values.js';

const domain = encoded(Domain);

export default {
  notice: {
    make: [
      { seed: hex, number, time: number, advice: string, noticed: list(hex), random: draws, domain },
      ({ seed, number, time, advice, noticed, random, domain }) => ({
        statement: signNotice(domain, number, time, advice, noticed, seed, random),
      }),
    ],
    check: [
      { domain, number: nullable(number), statement: hex, passes: list(hex) },
      ({ domain, number, statement, passes }) => {
        const notice = verifyNotice(domain, statement, number);
        return { advice: notice.advice, concerned: passes.filter((u) => concerns(notice, u)) };
      },
    ],
  },
  'opening-record': {
    make: [
      { warrant: encoded(Warrant), release: hex, opened: list(hex), random: draws },
      ({ warrant, release, opened, random }) => ({
        record: OpeningRecord.toBytes(recordOpening(warrant, release, opened, random)),
      }),
    ],
    check: [
      { record: encoded(OpeningRecord), passes: list(hex) },
      ({ record, passes }) => ({ commitment: commitment(record), named: passes.filter((u) => names(record, u)) }),
    ],
  },
  disclosure: {
    make: [
      { seed: hex, number, time: number, openings: list(encoded(DisclosedOpening)), domain, role: number },
      ({ seed, number, time, openings, domain, role }) => ({
        statement: signDisclosure(domain, role, number, time, openings, seed),
      }),
    ],
    check: [
      { domain, role: number, number: nullable(number), statement: hex },
      ({ domain, role, number, statement }) => ({
        openings: verifyDisclosure(domain, role, statement, number).openings.map(DisclosedOpening.toBytes),
      }),
    ],
  },
};
