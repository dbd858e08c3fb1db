import { PaperPass, fromPaperText, printPass, verifyPaper } from '../parties/papers.js';
import { hex, ownedPass, scalar, string } from './values.js';

export default {
  'paper-pass': {
    make: [
      { public_pass: hex, r: scalar },
      ({ public_pass, r }, epochKey) => ({ text: printPass(epochKey, ownedPass(public_pass, r)) }),
    ],
    check: [
      { text: string },
      ({ text }, epochKey) => {
        const paper = fromPaperText(text);
        verifyPaper(epochKey, paper);
        return { paper: PaperPass.toBytes(paper) };
      },
    ],
  },
};
