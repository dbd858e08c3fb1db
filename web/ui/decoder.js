/** A worker that reads QR codes in pictures, with the WebAssembly that we serve beside it. */

import { prepareZXingModule } from 'zxing-wasm/reader';
import { readCode } from './reading.js';

const WASM = new URL('../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm', import.meta.url);

prepareZXingModule({ overrides: { locateFile: () => WASM.href } });

addEventListener('message', async ({ data }) => {
  self.postMessage(await readCode(data));
});
