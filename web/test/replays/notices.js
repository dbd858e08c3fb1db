import { DisclosedOpening, OpeningRecord, commitment, names, verifyDisclosure } from '../../protocol/disclosures.js';
import { concerns, verifyNotice } from '../../protocol/notices.js';
import { recordOpening, signDisclosure, signNotice } from '../parties/notices.js';
import { call, key } from './call.js';
import { domain, passes, random, release, role, seed, statement, time, warrant } from './keys.js';
import { encoded, hex, list, nullable, number, string } from './values.js';

const advice = key('advice', string);
const noticed = key('noticed', list(hex));
const numberMade = key('number', number);
const numberAsked = key('number', nullable(number));
const opened = key('opened', list(hex));
const openings = key('openings', list(encoded(DisclosedOpening)));
const record = key('record', encoded(OpeningRecord));

/** @param {Uint8Array} statement */
const signed = (statement) => ({ statement });

export default {
  notice: {
    make: call([domain, numberMade, time, advice, noticed, seed, random], signNotice, signed),
    check: call([domain, statement, numberAsked, passes], (domain, statement, number, passes) => {
      const notice = verifyNotice(domain, statement, number);
      return { advice: notice.advice, concerned: passes.filter((u) => concerns(notice, u)) };
    }),
  },
  'opening-record': {
    make: call([warrant, release, opened, random], recordOpening, (record) => ({
      record: OpeningRecord.toBytes(record),
    })),
    check: call([record, passes], (record, passes) => ({
      commitment: commitment(record),
      named: passes.filter((u) => names(record, u)),
    })),
  },
  disclosure: {
    make: call([domain, role, numberMade, time, openings, seed], signDisclosure, signed),
    check: call([domain, role, statement, numberAsked], verifyDisclosure, ({ openings }) => ({
      openings: openings.map(DisclosedOpening.toBytes),
    })),
  },
};
