/**
 * Keeps stdout for the protocol alone. It is imported before tf.js, which prints a banner when it loads.
 */

import {Console} from 'node:console';

const {stdout, stderr} = process;

/** Writes to the real stdout; a pipe or a file takes it before this returns. */
export const write = stdout.write.bind(stdout);

stdout.write = stderr.write.bind(stderr);
globalThis.console = new Console(stderr, stderr);

/** The program is in a state that nobody foresaw: say so and go. */
const DEFECT = 70;

for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (reason) => {
    stderr.write(`${event}: ${reason?.stack ?? String(reason)}\n`);
    process.exit(DEFECT);
  });
}
