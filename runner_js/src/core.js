/**
 * The execution core: one `run` message of the protocol to the body of its answer.
 *
 * It knows no op by name and nothing of its host: Node and a browser page use the same code.
 */

import {Watcher} from './watcher.js';
import {guarded, missing} from './missing.js';
import {Tapper} from './taps.js';
import {fromMessage, toMessage} from './tensors.js';
import {Tracer} from './trace.js';

/**
 * @typedef {import('./tensors.js').Argument} Argument
 * @typedef {{name: string, arguments?: (number | boolean | null)[]}} Optimizer
 * @typedef {{call: string, f: {source: string}, names: string[], args: Argument[], wrt: string[],
 *   dy?: Argument | null, optimizer?: Optimizer | null, steps?: number, print?: boolean, renew?: boolean,
 *   inspect?: boolean, trace?: boolean, tap?: boolean}} Run
 * @typedef {{value?: any, grads: any[], variables?: any[]}} Result
 */

/** Executes cases on one tf.js instance, one after the other. */
export class Executor {
  /** @param {any} tf */
  constructor(tf) {
    this.tf = tf;
    this.visible = guarded(tf);
    this.watcher = new Watcher(tf);
    /** @type {Tracer | null} */
    this.tracer = null;
  }

  /**
   * The body of the answer: `returned`, `threw` or `unsupported`, and the `trace` and `taps` that were asked for.
   * It never rejects.
   * @param {Run} request
   */
  async execute(request) {
    if (!request.trace) {
      return this.#execute(request, this.visible);
    }
    this.tracer ??= new Tracer(this.tf, this.watcher);
    this.tracer.open();
    const body = await this.#execute(request, this.tracer.visible);
    return {...body, trace: this.tracer.close()};
  }

  /**
   * @param {Run} request
   * @param {any} visible `tf` as the case sees it
   */
  async #execute(request, visible) {
    const tapper = request.tap ? new Tapper(this.tf, visible) : null;
    const body = await this.#answer(request, tapper?.visible ?? visible, tapper);
    tapper?.close();
    try {
      this.watcher.close();
      return body;
    } catch (thrown) {
      // WebAssembly traps where the case has damaged the memory that is to be freed.
      return {threw: {phase: 'read', ...described(thrown)}};
    }
  }

  /**
   * @param {Run} request
   * @param {any} visible
   * @param {Tapper | null} tapper
   */
  async #answer(request, visible, tapper) {
    const {tf, watcher} = this;
    const progress = {phase: 'parse'};
    watcher.open();
    try {
      const written = compiled(visible, request.f.source);
      const f = tapper?.listening(written) ?? written;
      progress.phase = 'inputs';
      const given = inputs(tf, request);
      const before = request.inspect ? await Promise.all(tensorsOf(request, given).map(state)) : null;
      progress.phase = 'forward';
      watcher.recording = true;
      const start = performance.now();
      const result = calls(tf, request, given, (args) => {
        progress.phase = 'forward';
        const value = f(...args);
        progress.phase = request.call === 'value' ? 'forward' : 'backward';
        return value;
      });
      const seconds = (performance.now() - start) / 1000;
      watcher.recording = false;
      progress.phase = 'read';
      const answer = await read(result, request.print ?? false);
      const tapped = tapper && {taps: tapper.read()};
      const altered = before && {altered: await changed(tensorsOf(request, given), before)};
      dispose([...given.all, given.dy, result.value, ...result.grads]);
      const {kernels, backends} = watcher;
      const leaked = watcher.leaked();
      return {returned: {...answer, kernels, backends: [...backends], seconds, leaked, ...altered}, ...tapped};
    } catch (thrown) {
      const absent = missing(tf, request.f.source, thrown);
      return absent === null ? {threw: {phase: progress.phase, ...described(thrown)}} : {unsupported: absent};
    }
  }
}

/**
 * The function that a source text stands for.
 * @param {any} tf
 * @param {string} source
 * @returns {Function}
 */
function compiled(tf, source) {
  const f = new Function('tf', `"use strict"; return (${source}\n);`)(tf);
  if (typeof f !== 'function') {
    throw new TypeError('the source is an expression, but not a function');
  }
  return f;
}

/**
 * The tensors of a request: all inputs in order, those to differentiate, and dy.
 * @param {any} tf
 * @param {Run} request
 */
function inputs(tf, {call, names, args, wrt, dy}) {
  if ((call === 'grad' || call === 'valueAndGrad') && wrt.length !== 1) {
    throw new RangeError(`${call} differentiates one input, but wrt names ${wrt.length}`);
  }
  const named = new Map();
  args.forEach((argument, i) => {
    const tensor = fromMessage(tf, argument);
    const varies = (call === 'variableGrads' || call === 'minimize') && wrt.includes(names[i]);
    named.set(names[i], varies ? variable(tf, tensor, names[i]) : tensor);
  });
  for (const name of wrt) {
    if (!named.has(name)) {
      throw new RangeError(`wrt names ${name}, which is no input`);
    }
  }
  return {
    all: [...named.values()],
    xs: wrt.map((name) => named.get(name)),
    dy: dy ? fromMessage(tf, dy) : undefined,
  };
}

/**
 * @param {any} tf
 * @param {any} tensor
 * @param {string} name
 */
function variable(tf, tensor, name) {
  const made = tf.variable(tensor, true, name);
  tensor.dispose();
  return made;
}

/**
 * Calls the API that the request names. `run` takes all inputs; the API hands over those of `wrt`.
 * @param {any} tf
 * @param {Run} request
 * @param {{all: any[], xs: any[], dy: any}} given
 * @param {(args: any[]) => any} run
 * @returns {Result}
 */
function calls(tf, {call, wrt, optimizer, steps}, {all, xs, dy}, run) {
  const f = (/** @type {any[]} */ ...passed) =>
    run(all.map((input) => (xs.includes(input) ? passed[xs.indexOf(input)] : input)));
  const upstream = dy === undefined ? [] : [dy];
  switch (call) {
    case 'value':
      return {value: valueOf(tf, () => run(all)), grads: []};
    case 'valueAndGrads':
      return tf.valueAndGrads(f)(xs, ...upstream);
    case 'valueAndGrad': {
      const {value, grad} = tf.valueAndGrad(f)(xs[0], ...upstream);
      return {value, grads: [grad]};
    }
    case 'grads':
      return {grads: tf.grads(f)(xs, ...upstream)};
    case 'grad':
      return {grads: [tf.grad(f)(xs[0], ...upstream)]};
    case 'variableGrads': {
      const {value, grads} = tf.variableGrads(() => run(all), xs);
      return {value, grads: wrt.map((name) => grads[name] ?? null)};
    }
    case 'minimize':
      return {value: trained(tf, optimizer, steps ?? 1, () => run(all), xs), grads: [], variables: xs};
    default:
      throw new RangeError(`no call named ${call}`);
  }
}

/**
 * The loss that the last step returned; the variables have their new values then.
 * @param {any} tf
 * @param {Optimizer | null | undefined} optimizer
 * @param {number} steps
 * @param {() => any} f
 * @param {any[]} variables
 */
function trained(tf, optimizer, steps, f, variables) {
  if (!optimizer) {
    throw new TypeError('minimize needs an optimizer');
  }
  const given = (optimizer.arguments ?? []).map((argument) => argument ?? undefined);
  const made = tf.train[optimizer.name](...given);
  let value;
  for (let step = 0; step < steps; step++) {
    value?.dispose();
    value = made.minimize(f, true, variables);
  }
  made.dispose();
  return value;
}

/**
 * What `f` alone returns; in a tidy, as the gradient functions run it, so that what is left is a leak.
 * @param {any} tf
 * @param {() => any} f
 */
function valueOf(tf, f) {
  return tf.tidy(() => {
    const value = f();
    if (!(value instanceof tf.Tensor)) {
      throw new TypeError(`f returned ${value === null ? 'null' : typeof value}, not a tensor`);
    }
    return value;
  });
}

/**
 * The parts of the answer that are read from tensors.
 * @param {Result} result
 * @param {boolean} print
 */
async function read({value, grads, variables}, print) {
  const message = (/** @type {any} */ tensor) => (tensor ? toMessage(tensor) : null);
  const text = (/** @type {any} */ tensor) => (tensor ? tensor.toString() : null);
  return {
    ...(value && {value: await toMessage(value)}),
    grads: await Promise.all(grads.map(message)),
    ...(variables && {variables: await Promise.all(variables.map(message))}),
    ...(print && {printed: {...(value && {value: text(value)}), grads: grads.map(text)}}),
  };
}

/**
 * The inputs of a request and its dy, each with its name.
 * @param {Run} request
 * @param {{all: any[], dy: any}} given
 * @returns {[string, any][]}
 */
function tensorsOf({names}, {all, dy}) {
  const upstream = /** @type {[string, any][]} */ (dy === undefined ? [] : [['dy', dy]]);
  return [...names.map((name, i) => /** @type {[string, any]} */ ([name, all[i]])), ...upstream];
}

/**
 * All that a tensor is, as a text; one that was disposed of is nothing.
 * @param {[string, any]} entry
 */
async function state([, tensor]) {
  return tensor.isDisposed ? '' : JSON.stringify(await toMessage(tensor));
}

/**
 * The names of the tensors that are not what they were.
 * @param {[string, any][]} entries
 * @param {string[]} before
 */
async function changed(entries, before) {
  const now = await Promise.all(entries.map(state));
  return entries.filter((_, i) => now[i] !== before[i]).map(([name]) => name);
}

/** @param {any[]} tensors */
function dispose(tensors) {
  for (const tensor of tensors) {
    tensor?.dispose();
  }
}

/**
 * Type and text of anything that can be thrown.
 * @param {any} thrown
 */
function described(thrown) {
  const type = thrown?.constructor?.name || typeof thrown;
  const text = typeof thrown?.message === 'string' ? thrown.message : String(thrown);
  return {type: String(type), message: text};
}
