import { B } from '../../protocol/primitives/group.js';
import {
  PaperCheckInMessage,
  PaperPass,
  delegationStatement,
  fromPaperText,
  paperLabel,
  passParts,
  printPass,
  signPaperCheckIn,
  verifyPaper,
  verifyPaperCheckIn,
} from '../parties/paperPasses.js';
import { draws, encoded, hex, number, ownedPass, scalar, string } from './values.js';

export default {
  'paper-pass': {
    make: [
      { public_pass: hex, r: scalar, random: draws },
      ({ public_pass, r, random }, epochKey) => ({ text: printPass(epochKey, ownedPass(public_pass, r), random) }),
    ],
    steps: ({ text }, epochKey) => {
      const { publicPass, k } = fromPaperText(text);
      const K = k.times(B);
      return { k, K, statement: delegationStatement(epochKey, publicPass, K) };
    },
    check: [
      { text: string },
      ({ text }, epochKey) => {
        const paper = fromPaperText(text);
        verifyPaper(epochKey, paper);
        return { paper: PaperPass.toBytes(paper) };
      },
    ],
  },
  'paper-check-in': {
    make: [
      { paper: encoded(PaperPass), time: number, direction: number, venue: hex, random: draws },
      ({ paper, time, direction, venue, random }, epochKey) => {
        const delegated = verifyPaper(epochKey, paper);
        return {
          message: PaperCheckInMessage.toBytes(
            signPaperCheckIn(epochKey, delegated, time, direction, venue, random),
          ),
        };
      },
    ],
    steps: ({ message }, epochKey) => ({
      K: message.paperKey,
      delegation_statement: delegationStatement(epochKey, message.publicPass, message.paperKey),
      label: paperLabel(epochKey, message),
    }),
    check: [
      { message: encoded(PaperCheckInMessage) },
      ({ message }, epochKey) => {
        const { u, v } = passParts(message.publicPass);
        return { epoch: verifyPaperCheckIn(epochKey, message), u, v };
      },
    ],
  },
};
