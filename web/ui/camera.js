/** Reading QR codes with this device's camera. What reads them is loaded when a camera is opened, and served by us. */

import { trusted } from './trusted.js';

const WIDTH = 1280;
const PAUSE_MILLISECONDS = 60;

/**
 * Show a camera's picture in `video` and call `found` with the text of each code that is read, until `signal` is
 * aborted. The next picture is taken when `found` is done.
 * @param {HTMLVideoElement} video @param {AbortSignal} signal @param {(text: string) => void | Promise<void>} found
 * @param {MediaTrackConstraints} [wanted] which camera @param {(track: MediaStreamTrack) => void} [opened]
 * @throws {DOMException} if there is no camera, its owner says no, or it is unplugged
 */
export async function readCodes(video, signal, found, wanted = { facingMode: 'environment' }, opened = () => {}) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: WIDTH }, ...wanted },
    audio: false,
  });
  const [track] = stream.getVideoTracks();
  const decoder = new Decoder();
  try {
    opened(track);
    video.srcObject = stream;
    await video.play();
    const canvas = document.createElement('canvas');
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    while (!signal.aborted) {
      if (video.videoWidth > 0) {
        [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
        context.drawImage(video, 0, 0);
        const text = await decoder.read(context.getImageData(0, 0, canvas.width, canvas.height));
        if (text !== null && !signal.aborted) await found(text);
      }
      if (track.readyState === 'ended') throw new DOMException('the camera was unplugged', 'NotReadableError');
      await new Promise((resolve) => {
        setTimeout(resolve, PAUSE_MILLISECONDS);
      });
    }
  } finally {
    decoder.close();
    for (const track of stream.getTracks()) track.stop();
  }
}

/** The decoder, in a worker: only there may WebAssembly be compiled. */
export class Decoder {
  #worker = new Worker(trusted(new URL('./decoder.js', import.meta.url)), { type: 'module' });

  /**
   * The text of the QR code in a picture; null if there is none. One picture at a time.
   * @param {ImageData} picture @returns {Promise<string | null>}
   */
  read(picture) {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = ({ message }) => reject(new Error(message));
      this.#worker.postMessage(picture, [picture.data.buffer]);
    });
  }

  /** Stop. */
  close() {
    this.#worker.terminate();
  }
}
