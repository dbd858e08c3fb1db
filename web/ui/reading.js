/** Reading a QR code in a picture, by `zxing-wasm`. */

import { readBarcodes } from 'zxing-wasm/reader';

/**
 * The text of the QR code in a picture; null if there is none.
 * @param {ImageData} picture @returns {Promise<string | null>}
 */
export async function readCode(picture) {
  const found = await readBarcodes(picture, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 1 });
  return found.find(({ isValid }) => isValid)?.text ?? null;
}
