import {
  AssertedRecord,
  AssistedCheckIn,
  assistedLabel,
  assistedStatement,
  padRecord,
  sealAssisted,
  sealingKey,
  verifyAssisted,
} from '../../protocol/assistedCheckIns.js';
import { openAssisted } from '../parties/assistedCheckIns.js';
import { call, key } from './call.js';
import { epochKey, random, time, venueId } from './keys.js';
import { encoded, point } from './values.js';

const authorityShare = key('authority_share', point);
const message = key('message', encoded(AssistedCheckIn));
const operatorShare = key('operator_share', point);
const record = key('record', encoded(AssertedRecord));

export default {
  'assisted-check-in': {
    make: call([epochKey, record, time, venueId, random], sealAssisted, ({ checkIn }) => ({
      message: AssistedCheckIn.toBytes(checkIn),
    })),
    steps: call([epochKey, record, time, venueId, random], (epochKey, record, time, venueId, random) => {
      const { r, checkIn } = sealAssisted(epochKey, record, time, venueId, random);
      const S = r.times(epochKey.X);
      return {
        r,
        S,
        label: assistedLabel(epochKey, checkIn),
        key: sealingKey(epochKey, checkIn.u, S),
        padded: padRecord(record),
        statement: assistedStatement(epochKey, checkIn),
      };
    }),
    check: call([epochKey, message, operatorShare, authorityShare], (epochKey, message, ...shares) => {
      const epoch = verifyAssisted(epochKey, message);
      const record = openAssisted(epochKey, message, ...shares);
      return { epoch, record: AssertedRecord.toBytes(record) };
    }),
  },
};
