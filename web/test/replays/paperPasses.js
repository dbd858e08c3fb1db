import { PaperPass, delegationStatement, fromPaperText, printPass } from '../../protocol/paperPasses.js';
import { B } from '../../protocol/primitives/group.js';
import { PaperCheckInMessage, paperLabel, signPaperCheckIn, verifyPaperCheckIn } from '../parties/paperCheckIns.js';
import { passParts, verifyPaper } from '../parties/paperPasses.js';
import { call, key } from './call.js';
import { direction, epochKey, publicPass, r, random, text, time, venueId } from './keys.js';
import { encoded } from './values.js';

const message = key('message', encoded(PaperCheckInMessage));
const paper = key('paper', encoded(PaperPass));

export default {
  'paper-pass': {
    make: call([epochKey, publicPass, r, random], (epochKey, pass, r, random) => ({
      text: printPass(epochKey, { public: pass, r }, random),
    })),
    steps: call([epochKey, text], (epochKey, text) => {
      const { publicPass, k } = fromPaperText(text);
      const K = k.times(B);
      return { k, K, statement: delegationStatement(epochKey, publicPass, K) };
    }),
    check: call([epochKey, text], (epochKey, text) => {
      const paper = fromPaperText(text);
      verifyPaper(epochKey, paper);
      return { paper: PaperPass.toBytes(paper) };
    }),
  },
  'paper-check-in': {
    make: call(
      [epochKey, paper, time, direction, venueId, random],
      (epochKey, paper, ...label) => signPaperCheckIn(epochKey, verifyPaper(epochKey, paper), ...label),
      (message) => ({ message: PaperCheckInMessage.toBytes(message) }),
    ),
    steps: call([epochKey, message], (epochKey, message) => ({
      K: message.paperKey,
      delegation_statement: delegationStatement(epochKey, message.publicPass, message.paperKey),
      label: paperLabel(epochKey, message),
    })),
    check: call([epochKey, message], (epochKey, message) => {
      const { u, v } = passParts(message.publicPass);
      return { epoch: verifyPaperCheckIn(epochKey, message), u, v };
    }),
  },
};
