import { bytesToHex } from '@noble/hashes/utils.js';
import { DisclosedOpening, OpeningRecord, commitment, names, verifyDisclosure } from '../../protocol/disclosures.js';
import { PublishedNotice, concerns, verifyNotice } from '../../protocol/notices.js';
import {
  NoticeAnswer,
  answerNotice,
  publishNotice,
  recordOpening,
  signDisclosure,
  verifyNoticeAnswer,
} from '../parties/notices.js';
import { call, key } from './call.js';
import { domain, now, passes, random, release, role, seed, statement, time, warrant } from './keys.js';
import { encoded, hex, list, nullable, number, string } from './values.js';

const advice = key('advice', string);
const noticed = key('noticed', list(hex));
const numberMade = key('number', number);
const numberAsked = key('number', nullable(number));
const opened = key('opened', list(hex));
const paddingSeed = key('padding_seed', hex);
const openings = key('openings', list(encoded(DisclosedOpening)));
const record = key('record', encoded(OpeningRecord));

/** @param {Uint8Array} statement */
const signed = (statement) => ({ statement });

export default {
  notice: {
    make: call(
      [domain, numberMade, time, advice, noticed, paddingSeed, key('authority_seed', hex), key('operator_seed', hex)],
      publishNotice,
      (made) => ({ notice: PublishedNotice.toBytes(made) }),
    ),
    check: call([domain, key('notice', hex), numberAsked, passes], (domain, published, number, passes) => {
      const notice = verifyNotice(domain, published, number);
      return { advice: notice.advice, concerned: passes.filter((u) => concerns(notice, u)) };
    }),
  },
  'notice-answer': {
    make: call(
      [domain, numberMade, time, advice, noticed, key('releases', list(hex)), paddingSeed, seed],
      answerNotice,
      (made) => ({ answer: NoticeAnswer.toBytes(made) }),
    ),
    check: call(
      [domain, numberMade, advice, passes, key('earliest', number), now, key('answer', encoded(NoticeAnswer))],
      verifyNoticeAnswer,
      (noticed) => ({ noticed: noticed.map(bytesToHex).sort() }),
    ),
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
