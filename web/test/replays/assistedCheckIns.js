import {
  AssertedRecord,
  AssistedCheckIn,
  label,
  openAssisted,
  padRecord,
  sealAssisted,
  sealingKey,
  statement,
  verifyAssisted,
} from '../parties/assistedCheckIns.js';
import { draws, encoded, hex, number, point } from './values.js';

export default {
  'assisted-check-in': {
    make: [
      { record: encoded(AssertedRecord), time: number, venue: hex, random: draws },
      ({ record, time, venue, random }, epochKey) => ({
        message: AssistedCheckIn.toBytes(sealAssisted(epochKey, record, time, venue, random).checkIn),
      }),
    ],
    steps: ({ record, time, venue, random }, epochKey) => {
      const { r, checkIn } = sealAssisted(epochKey, record, time, venue, random);
      const S = r.times(epochKey.X);
      return {
        r,
        S,
        label: label(epochKey, checkIn),
        key: sealingKey(epochKey, checkIn.u, S),
        padded: padRecord(record),
        statement: statement(epochKey, checkIn),
      };
    },
    check: [
      { message: encoded(AssistedCheckIn), operator_share: point, authority_share: point },
      ({ message, operator_share, authority_share }, epochKey) => {
        const epoch = verifyAssisted(epochKey, message);
        const record = openAssisted(epochKey, message, operator_share, authority_share);
        return { epoch, record: AssertedRecord.toBytes(record) };
      },
    ],
  },
};
