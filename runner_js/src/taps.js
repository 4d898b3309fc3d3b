/**
 * What went through every op that a case calls, forward and backward: the taps of the protocol.
 *
 * Nothing is put in the way of the case. Calls are noted at the doors (the functions of `tf`, the methods of
 * tensors), gradients are overheard on the tape, and the bits are copied at once. So a case computes with tap what it
 * computes without: the same kernels, in the same order, on the same tensors, in the same memory.
 */

import {guarded} from './missing.js';
import {chained} from './names.js';
import {Passes} from './passes.js';
import {snapshot, told} from './snapshots.js';

/** Functions of `tf` that are no ops: they call the case back, or hand over what they are given. */
const NO_OPS = new Set([
  ...['grad', 'grads', 'valueAndGrad', 'valueAndGrads', 'variableGrads', 'customGrad', 'tidy', 'keep'],
  ...['tensor', 'scalar', 'tensor1d', 'tensor2d', 'tensor3d', 'tensor4d', 'tensor5d', 'tensor6d', 'variable'],
]);

/**
 * One call of an op. `ids` are those of the inputs.
 * @typedef {{op: string, method: boolean, arguments: any[], ids: number[], inputs: Snapshot[],
 *   sources: (Source | null)[], results: Record<string, Snapshot>, passes: import('./passes.js').Pass[]}} Call
 * @typedef {{call: Call, key: string}} Source
 * @typedef {import('./snapshots.js').Snapshot} Snapshot
 */

/** Taps one case. From its making to its `close`, tf.js has other doors. */
export class Tapper {
  /** @type {Call[]} */
  calls = [];
  /** @type {WeakMap<object, Source>} */
  sources = new WeakMap();
  /** 0 while code of the case runs, more inside of tf.js. */
  depth = 1;
  /** @type {Call | null} the call that is running */
  running = null;
  /** @type {(() => void)[]} */
  undoing = [];

  /**
   * @param {any} tf
   * @param {any} visible `tf` as the case sees it without tap
   */
  constructor(tf, visible) {
    this.tf = tf;
    this.engine = tf.engine();
    this.visible = guarded(visible, 'tf', (found, path) => this.#tapped(found, path.slice('tf.'.length)));
    this.passes = new Passes(tf, this);
    const {prototype} = tf.Tensor;
    for (const name of chained(tf)) {
      if (typeof prototype[name] === 'function' && !NO_OPS.has(name)) {
        this.replace(prototype, name, this.#tappedMethod(prototype[name], name));
      }
    }
  }

  /**
   * The function of the case, whose calls of ops are the ones to note.
   * @param {Function} f
   */
  listening(f) {
    return (/** @type {any[]} */ ...args) => this.at(0, () => f(...args));
  }

  /** Puts everything back as it was. */
  close() {
    while (this.undoing.length > 0) {
      this.undoing.pop()?.();
    }
  }

  /**
   * Another property in place of this one, until `close`.
   * @param {any} owner
   * @param {string} name
   * @param {any} value
   */
  replace(owner, name, value) {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    owner[name] = value;
    this.undoing.push(() => (before ? Object.defineProperty(owner, name, before) : delete owner[name]));
  }

  /**
   * Runs this at another depth.
   * @template T
   * @param {number} depth
   * @param {() => T} work
   */
  at(depth, work) {
    const before = this.depth;
    this.depth = depth;
    try {
      return work();
    } finally {
      this.depth = before;
    }
  }

  /** The taps as the answer has them. A call with a tensor that contradicts itself cannot be told. */
  read() {
    const bodies = new Map(this.calls.map((call) => [call, body(call)]));
    const calls = this.calls.filter((call) => bodies.get(call) !== null);
    const positions = new Map(calls.map((call, i) => [call, i]));
    const place = (/** @type {Source | null} */ source) =>
      source !== null && positions.has(source.call) ? [positions.get(source.call), source.key] : null;
    return calls.map((call) => ({...bodies.get(call), sources: call.sources.map(place)}));
  }

  /**
   * @param {Function} found
   * @param {string} op
   */
  #tapped(found, op) {
    if (NO_OPS.has(op)) {
      return found;
    }
    return (/** @type {any[]} */ ...args) => this.#call(op, false, args, () => found(...args));
  }

  /**
   * @param {Function} found
   * @param {string} op
   */
  #tappedMethod(found, op) {
    const call = this.#call.bind(this);
    return /** @this {any} */ function (/** @type {any[]} */ ...args) {
      return call(op, true, [this, ...args], () => Reflect.apply(found, this, args));
    };
  }

  /**
   * @param {string} op
   * @param {boolean} method
   * @param {any[]} given
   * @param {() => any} run
   */
  #call(op, method, given, run) {
    const call = this.depth === 0 ? this.#opened(op, method, given) : null;
    if (call === null) {
      return run();
    }
    this.running = call;
    const result = this.at(1, () => {
      try {
        return run();
      } finally {
        this.running = null;
      }
    });
    this.#close(call, result);
    return result;
  }

  /**
   * The call before it runs, or null where tf.js is going to refuse its inputs.
   * @param {string} op
   * @param {boolean} method
   * @param {any[]} given
   * @returns {Call | null}
   */
  #opened(op, method, given) {
    /** @type {any[]} */
    const tensors = [];
    const values = given.map((argument) => this.#plain(argument, tensors));
    if (tensors.some((tensor) => tensor.isDisposed)) {
      return null;
    }
    return {
      op,
      method,
      arguments: values,
      ids: tensors.map((tensor) => tensor.id),
      inputs: tensors.map((tensor) => snapshot(this.engine, tensor)),
      sources: tensors.map((tensor) => this.sources.get(tensor) ?? null),
      results: {},
      passes: [],
    };
  }

  /**
   * An argument as the answer has it. A tensor is one input, however often it is given: its gradient cannot be
   * told apart either.
   * @param {any} value
   * @param {any[]} tensors those that were met; this adds to it
   * @returns {any}
   */
  #plain(value, tensors) {
    if (value instanceof this.tf.Tensor) {
      if (!tensors.includes(value)) {
        tensors.push(value);
      }
      return {input: tensors.indexOf(value)};
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.#plain(item, tensors));
    }
    switch (typeof value) {
      case 'undefined':
        return {undefined: true};
      case 'function':
        return {function: true};
      case 'number':
        return numeral(value);
      case 'object':
        return value && Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#plain(item, tensors)]));
      default:
        return value;
    }
  }

  /**
   * @param {Call} call
   * @param {any} result
   */
  #close(call, result) {
    const fields = result instanceof this.tf.Tensor ? [['', result]] : Object.entries(result ?? {});
    for (const [key, tensor] of fields) {
      if (tensor instanceof this.tf.Tensor) {
        call.results[key] = snapshot(this.engine, tensor);
        this.sources.set(tensor, {call, key});
        this.passes.name(tensor, call, key);
      }
    }
    this.calls.push(call);
  }
}

/**
 * A call without its sources, or null where one of its tensors contradicts itself.
 * @param {Call} call
 */
function body({op, method, arguments: values, inputs, results, passes}) {
  const through = passes.filter(({gradients, mixed}) => !mixed && gradients.some((gradient) => gradient !== null));
  try {
    return {
      op,
      method,
      arguments: values,
      inputs: inputs.map(told),
      results: allTold(results),
      passes: through.map(({level, upstream, gradients}) => ({
        level,
        upstream: allTold(upstream),
        gradients: gradients.map((gradient) => gradient && told(gradient)),
      })),
    };
  } catch (error) {
    if (error instanceof RangeError) {
      return null;
    }
    throw error;
  }
}

/** @param {Record<string, Snapshot>} tensors */
function allTold(tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [key, told(tensor)]));
}

/**
 * A number as JSON can say it.
 * @param {number} value
 */
function numeral(value) {
  const plain = Number.isFinite(value) && !Object.is(value, -0);
  return plain ? value : {number: Object.is(value, -0) ? '-0' : String(value)};
}
