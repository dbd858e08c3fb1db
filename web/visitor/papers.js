/**
 * Printing passes for people without a phone. A pass is burned before it is printed. Spec: §3.8.
 *
 * @import { Visitor } from './visitor.js'
 */

import { printPass } from '../protocol/paperPasses.js';
import { takePasses } from './wallet.js';
import { ownedPass, publicKeyOf } from './walletContents.js';

/**
 * Burn `count` passes of an epoch and return the texts of their codes.
 * @param {Visitor} visitor @param {number} epoch @param {number} count @returns {Promise<string[]>}
 * @throws {NoPassLeft}
 */
export async function printPapers(visitor, epoch, count) {
  const epochKey = await visitor.epochKey(epoch);
  return visitor.change((wallet) => {
    const { taken, rest } = takePasses(wallet, epoch, count, visitor.dayName(epoch));
    const papers = [...rest.papers, ...taken.map((stored) => ({ epoch, u: publicKeyOf(stored) }))];
    return { wallet: { ...rest, papers }, value: taken.map((stored) => printPass(epochKey, ownedPass(stored))) };
  });
}
