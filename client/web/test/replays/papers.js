import { CheckInMessage, verifyCheckIn } from '../../checkins.js';
import { PaperPass, fromPaperText, printPass, signForPaper } from '../parties/papers.js';
import { draws, hex, number, ownedPass, scalar, string } from './values.js';

export default {
  'paper-pass': {
    make: [
      { public_pass: hex, r: scalar },
      ({ public_pass, r }, epochKey) => ({ text: printPass(epochKey, ownedPass(public_pass, r)) }),
    ],
    check: [
      { text: string, time: number, direction: number, venue: hex, random: draws },
      ({ text, time, direction, venue, random }, epochKey) => {
        const paper = fromPaperText(text);
        const message = signForPaper(epochKey, paper, time, direction, venue, random);
        verifyCheckIn(epochKey, message);
        return { paper: PaperPass.toBytes(paper), message: CheckInMessage.toBytes(message) };
      },
    ],
  },
};
