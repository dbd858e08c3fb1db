/** English or Korean: what the browser asks for, until its user says otherwise. */

/** An English text and the Korean one. @typedef {readonly [english: string, korean: string]} Pair */

const NAME = 'splitpass language';

let korean = remembered() ?? navigator.languages.find((one) => /^(ko|en)\b/u.test(one))?.startsWith('ko') ?? false;
document.documentElement.lang = korean ? 'ko' : 'en';

/** The text of a pair in the language of the page. @param {Pair} pair @returns {string} */
export const say = ([inEnglish, inKorean]) => (korean ? inKorean : inEnglish);

/** Whether the page is in Korean. */
export const isKorean = () => korean;

/** Have the page speak the other language from now on. */
export function changeLanguage() {
  korean = !korean;
  document.documentElement.lang = korean ? 'ko' : 'en';
  try {
    localStorage.setItem(NAME, korean ? 'ko' : 'en');
  } catch {
    // without storage it is so until the page is closed
  }
}

/** @returns {boolean | undefined} */
function remembered() {
  try {
    const known = localStorage.getItem(NAME);
    return known === null ? undefined : known === 'ko';
  } catch {
    return undefined;
  }
}
