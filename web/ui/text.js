/** Texts of others, and sentences made of them. */

/** A text of somebody else without characters that would turn or hide what stands around it. @param {string} text */
export const printable = (text) => text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ');

/** With a capital at its beginning and a full stop at its end. @param {string} text */
export const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/u, '.')}`;
