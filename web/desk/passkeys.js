/** The officer's passkey: made once, and asked for each signature. Bytes are base64url in what goes to the server. */

import { DeskError } from './errors.js';

/** Base64url without padding. @param {ArrayBuffer | Uint8Array} data @returns {string} */
export function toBase64Url(data) {
  const text = Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

/**
 * Have this device make a passkey, by the server's options.
 * @param {any} options `PublicKeyCredentialCreationOptionsJSON`
 * @returns {Promise<object>} the credential, as JSON has it
 * @throws {DeskError} if there is none
 */
export async function createPasskey({ challenge, user, excludeCredentials = [], ...options }) {
  const made = await answered(
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: fromBase64Url(challenge),
        user: { ...user, id: fromBase64Url(user.id) },
        excludeCredentials: excludeCredentials.map(described),
      },
    }),
  );
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return asJson(made, {
    attestationObject: toBase64Url(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

/**
 * Have the officer's passkey sign a challenge, after the device has made sure who holds it.
 * @param {Uint8Array} challenge
 * @param {{ rpId: string, allowCredentials?: any[], timeout?: number }} options
 * @returns {Promise<object>} the assertion, as JSON has it
 * @throws {DeskError} if there is none
 */
export async function signWithPasskey(challenge, { rpId, allowCredentials = [], timeout }) {
  const made = await answered(
    navigator.credentials.get({
      publicKey: {
        challenge: Uint8Array.from(challenge),
        rpId,
        timeout,
        userVerification: 'required',
        allowCredentials: allowCredentials.map(described),
      },
    }),
  );
  const response = /** @type {AuthenticatorAssertionResponse} */ (made.response);
  return asJson(made, {
    authenticatorData: toBase64Url(response.authenticatorData),
    signature: toBase64Url(response.signature),
    userHandle: response.userHandle && toBase64Url(response.userHandle),
  });
}

/** @param {Promise<Credential | null>} asked @returns {Promise<PublicKeyCredential>} */
async function answered(asked) {
  try {
    const made = await asked;
    if (made) return /** @type {PublicKeyCredential} */ (made);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === 'InvalidStateError') {
      throw new DeskError([
        'This device has a passkey of yours already.',
        '이 기기에는 이미 본인의 패스키가 있습니다.',
      ]);
    }
    if (error.name === 'SecurityError') {
      throw new DeskError([
        'This address is not the one that passkeys are made for. Open the desk by the address that its command prints.',
        '패스키를 쓸 수 없는 주소입니다. 명령이 알려 주는 주소로 여세요.',
      ]);
    }
  }
  throw new DeskError([
    'Nothing was signed: no passkey answered. Try again.',
    '서명하지 않았습니다. 패스키가 응답하지 않았습니다. 다시 해 주세요.',
  ]);
}

/** @param {PublicKeyCredential} credential @param {object} response */
const asJson = ({ id, rawId, type, response: { clientDataJSON } }, response) => ({
  id,
  rawId: toBase64Url(rawId),
  type,
  response: { clientDataJSON: toBase64Url(clientDataJSON), ...response },
  clientExtensionResults: {},
});

/** @param {{ id: string }} credential */
const described = ({ id, ...rest }) => ({ type: /** @type {const} */ ('public-key'), ...rest, id: fromBase64Url(id) });
