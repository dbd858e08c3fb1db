/**
 * Reads codes in frames as the pages do: `node frames.js WIDTH HEIGHT`, and frames of one byte a pixel on standard input.
 * A line of JSON for each: its text, null if none was read, and how many milliseconds that took.
 */

import { readFileSync } from 'node:fs';
import { prepareZXingModule } from 'zxing-wasm/reader';
import { readCode } from '../ui/reading.js';

const [width, height] = process.argv.slice(2).map(Number);
const path = new URL('../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm', import.meta.url);
prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(readFileSync(path)).buffer } });

/** A frame as a canvas gives it. @param {Uint8Array} grey */
function pictureOf(grey) {
  const data = new Uint8ClampedArray(4 * grey.length);
  grey.forEach((value, place) => data.set([value, value, value, 255], 4 * place));
  return /** @type {ImageData} */ ({ data, width, height, colorSpace: 'srgb' });
}

let received = new Uint8Array();
for await (const chunk of process.stdin) {
  const joined = new Uint8Array(received.length + chunk.length);
  joined.set(received);
  joined.set(chunk, received.length);
  received = joined;
  while (received.length >= width * height) {
    const picture = pictureOf(received.subarray(0, width * height));
    received = received.slice(width * height);
    const begin = performance.now();
    const text = await readCode(picture);
    process.stdout.write(`${JSON.stringify({ text, milliseconds: performance.now() - begin })}\n`);
  }
}
