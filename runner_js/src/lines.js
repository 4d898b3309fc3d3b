/**
 * For Node: the lines of a byte stream, however its chunks are cut; each line is put together once.
 */

import {Buffer} from 'node:buffer';

const NEWLINE = 10;

/**
 * Yields each line as text, without its newline; empty lines are left out.
 * @param {AsyncIterable<Buffer>} stream
 */
export async function* lines(stream) {
  /** @type {Buffer[]} */
  let parts = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, to)]).toString('utf8');
      parts = [];
      from = to + 1;
      if (line.trim()) {
        yield line;
      }
    }
    parts.push(chunk.subarray(from));
  }
  const rest = Buffer.concat(parts).toString('utf8');
  if (rest.trim()) {
    yield rest;
  }
}
