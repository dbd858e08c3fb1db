/** Checking out: an exit code where a code was shown, a message to the venue where its poster was scanned. */

/** @import { Visitor } from '../visitor.js' */
/** @import { Visit } from '../walletContents.js' */

import { Decision } from '../../protocol/httpMessages.js';
import { ask, tell } from '../../ui/dialog.js';
import { printable } from '../../ui/text.js';
import { VenueClient } from '../venueClient.js';
import { checkOut, openExits } from '../visits.js';
import { answerInWords } from '../words.js';
import { showCodes } from './code.js';

/**
 * Check a group out.
 * @param {Visitor} visitor @param {Visit[]} group @throws {NoVisit | Problem | Unreachable | Malformed}
 */
export async function leave(visitor, group) {
  const { venue } = group[0];
  if (venue === null) {
    await showCodes(visitor, await openExits(visitor, group));
    return;
  }
  const name = printable(venue.name);
  const agreed = await ask({
    title: [`Check out of ${name}?`, `${name}에서 퇴장할까요?`],
    yes: ['Check out', '퇴장'],
    no: ['Cancel', '취소'],
  });
  if (!agreed) return;
  const client = new VenueClient();
  try {
    const refusal = (await checkOut(visitor, client, group)).find((decision) => decision !== Decision.ADMITTED);
    await tell({
      title: refusal === undefined ? ['Checked out', '퇴장 완료'] : answerInWords(refusal),
      text: [name, name],
    });
  } finally {
    client.close();
  }
}
