/** The camera of a door: always on, opened again when it fails, and another one where its staff want it. */

import { readCodes } from '../ui/camera.js';

const RETRY_MILLISECONDS = 2_000;

/** Reads codes for as long as it is open. */
export class Eye {
  /** Called when a camera was opened, or why none is. @type {(failure: unknown) => void} */
  onchange = () => {};
  /** Which device; null for the one on the back. @type {string | null} */
  device = null;
  isLit = false;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #isOpen = true;
  /** Ends what this camera sees, also where another one is to be opened. */
  #turning = new AbortController();

  /** @param {HTMLVideoElement} video @param {(text: string) => void | Promise<void>} found */
  constructor(video, found) {
    this.video = video;
    this.found = found;
  }

  /** Look, until `close`. */
  async open() {
    while (this.#isOpen) {
      const { signal } = this.#turning;
      const wanted = this.device ? { deviceId: { exact: this.device } } : { facingMode: 'environment' };
      try {
        await readCodes(this.video, signal, this.found, wanted, (track) => this.#opened(track));
      } catch (error) {
        this.#track = null;
        this.onchange(error);
        if (this.device && error instanceof DOMException && error.name === 'OverconstrainedError') this.device = null;
        await new Promise((resolve) => {
          setTimeout(resolve, RETRY_MILLISECONDS);
        });
      }
    }
  }

  /** Look no more. */
  close() {
    this.#isOpen = false;
    this.#turning.abort();
  }

  /** The cameras that there are. @returns {Promise<MediaDeviceInfo[]>} */
  async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
  }

  /** Look through the next camera; which one that is. @returns {Promise<string | null>} */
  async turn() {
    const devices = (await this.devices()).map(({ deviceId }) => deviceId);
    const place = devices.indexOf(this.#track?.getSettings().deviceId ?? '');
    this.device = devices[(place + 1) % devices.length] ?? null;
    this.#turning.abort();
    this.#turning = new AbortController();
    return this.device;
  }

  /** Whether the camera has a lamp. */
  get hasTorch() {
    return Boolean(/** @type {any} */ (this.#track?.getCapabilities?.())?.torch);
  }

  /** Whether the camera is on the side of the screen, where people expect a mirror. */
  get isMirror() {
    return this.#track?.getSettings().facingMode === 'user';
  }

  /** Turn the lamp on or off. */
  async light() {
    this.isLit = !this.isLit;
    await this.#track?.applyConstraints({ advanced: [/** @type {any} */ ({ torch: this.isLit })] });
  }

  /** @param {MediaStreamTrack} track */
  #opened(track) {
    this.#track = track;
    this.isLit = false;
    this.onchange(null);
  }
}
