/** Scripts that a page may start: its own. Browsers with Trusted Types take no other. */

const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('splitpass', { createScriptURL: own });

/**
 * The address of a worker of this page, as `new Worker` takes it.
 * @param {string | URL} address @returns {string} @throws {TypeError}
 */
export const trusted = (address) => policy?.createScriptURL(String(address)) ?? own(String(address));

/** @param {string} address */
function own(address) {
  if (new URL(address, location.href).origin !== location.origin)
    throw new TypeError('a page starts no script of others');
  return address;
}
