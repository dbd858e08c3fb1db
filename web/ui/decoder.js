/** A worker that reads QR codes in pictures, by `zxing-wasm` with the WebAssembly that we serve beside it. */

import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

const WASM = new URL('../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm', import.meta.url);

prepareZXingModule({ overrides: { locateFile: () => WASM.href } });

addEventListener('message', async ({ data }) => {
  const found = await readBarcodes(data, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 1 });
  self.postMessage(found.find(({ isValid }) => isValid)?.text ?? null);
});
