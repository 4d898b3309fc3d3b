/**
 * The host for Node: the protocol over stdin and stdout, one message per line, answered in order.
 *
 *     node runner.cjs --backend cpu|wasm
 */

import {write} from './quiet.js'; // first: nothing may print before it
import {flushesSubnormals, renew, select, settings, tf} from './backend.js';
import {Executor} from './core.js';
import {lines} from './lines.js';

const PROTOCOL = 1;
const EXIT = {ok: 0, usage: 2, cannotStart: 3, badMessage: 65};

/**
 * Each answer is written at once: were it held back, a later case that kills the process would take it along.
 * @param {object} message
 */
function answer(message) {
  write(`${JSON.stringify(message)}\n`);
}

/** @param {string} text */
function complain(text) {
  process.stderr.write(`tfjs-conformance runner: ${text}\n`);
}

/**
 * Answers `start`; false where the harness speaks another protocol.
 * @param {{id: number, protocol: unknown}} message
 */
async function start({id, protocol}) {
  if (protocol !== PROTOCOL) {
    const message = `this runner speaks protocol ${PROTOCOL}, but the harness asked for ${protocol}`;
    complain(message);
    answer({id, threw: {phase: 'parse', type: 'ProtocolError', message}});
    return false;
  }
  const started = {
    name: 'tfjs',
    version: tf.version.tfjs,
    backend: tf.getBackend(),
    runtime: `node ${process.versions.node}`,
    protocol: PROTOCOL,
    reads: 'source',
    flushes_subnormals: await flushesSubnormals(),
    settings: await settings(),
  };
  answer({id, started});
  return true;
}

/**
 * Executes a case and answers it.
 * @param {Executor} executor
 * @param {import('./core.js').Run & {id: number}} message
 */
async function respond(executor, message) {
  const body = await executor.execute(message);
  answer({id: message.id, ...body});
  return body;
}

/**
 * Whether a case was ended by a trap: `RuntimeError` is WebAssembly's alone.
 * @param {{threw?: {type: string}}} body
 */
function isTrap({threw}) {
  return threw?.type === WebAssembly.RuntimeError.name;
}

/** Answers messages until `stop` or the end of stdin; the result is the exit code. */
async function serve() {
  const executor = new Executor(tf);
  for await (const line of lines(process.stdin)) {
    let message;
    try {
      message = JSON.parse(line);
    } catch (error) {
      complain(`a line is no JSON: ${/** @type {Error} */ (error).message}`);
      return EXIT.badMessage;
    }
    switch (message?.do) {
      case 'start':
        if (!(await start(message))) {
          return EXIT.cannotStart;
        }
        break;
      case 'run':
        if (isTrap(await respond(executor, message)) || message.renew) {
          await renew();
        }
        break;
      case 'stop':
        return EXIT.ok;
      default:
        complain(`a message is none of start, run, stop: ${line.slice(0, 200)}`);
        return EXIT.badMessage;
    }
  }
  return EXIT.ok;
}

/** @param {string[]} words */
async function main(words) {
  const [option, backend] = words;
  if (words.length !== 2 || option !== '--backend' || !backend) {
    complain('usage: runner.cjs --backend cpu|wasm');
    return EXIT.usage;
  }
  try {
    await select(backend, __dirname);
  } catch (error) {
    complain(/** @type {Error} */ (error).message);
    return EXIT.cannotStart;
  }
  return serve();
}

// tf.js may hold the event loop open, so the end is said, not waited for.
main(process.argv.slice(2)).then((code) => write('', () => process.exit(code)));
