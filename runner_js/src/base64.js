/**
 * Base64 (RFC 4648, with padding) to bytes and back, at the same speed in Node and in a browser.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const VALUES = new Uint8Array(128).fill(255);
CODES.forEach((code, value) => {
  VALUES[code] = value;
});
const PAD = '='.charCodeAt(0);
const ASCII = new TextDecoder('latin1');

/**
 * The bytes that a text stands for.
 * @param {string} text
 * @returns {Uint8Array}
 * @throws {Error} the text is not base64.
 */
export function decode(text) {
  const letters = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (text.length % 4 !== 0) {
    throw new Error(`base64 comes in groups of four letters; here are ${text.length}`);
  }
  const bytes = new Uint8Array(Math.floor((letters * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < letters; i++) {
    const value = VALUES[text.charCodeAt(i)];
    if (value === undefined || value === 255) {
      throw new Error(`${JSON.stringify(text[i])} at ${i} is no letter of base64`);
    }
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = bits >> held;
    }
  }
  return bytes;
}

/**
 * The text that stands for these bytes.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encode(bytes) {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
    codes[at++] = CODES[group >> 18];
    codes[at++] = CODES[(group >> 12) & 63];
    codes[at++] = CODES[(group >> 6) & 63];
    codes[at++] = CODES[group & 63];
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  codes.fill(PAD, codes.length - missing);
  return ASCII.decode(codes);
}
