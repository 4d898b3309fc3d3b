/**
 * What a case reached inside tf.js: the functions and methods that were called, the kernels that ran, and
 * the inputs whose gradients were computed. It has no list of ops: it watches the doors that all go through.
 *
 * Nothing here is in place before the first case that asks for a trace.
 */

import {guarded} from './missing.js';
import {chained} from './names.js';

const OP_SUFFIX = '__op';
const LONGEST_ATTRIBUTE = 80;

/**
 * One input of a kernel: its slot, its dtype, its rank, and whether it has no elements. All inputs of
 * a list, such as those of `Concat`, are in the slot `[]`.
 * @typedef {[string, string, number, boolean]} Operand
 */

/** Traces the cases of one tf.js instance, one after the other. */
export class Tracer {
  /** @type {Set<string>} */
  calls = new Set();
  /** @type {Map<string, string[]>} */
  rules = new Map();
  kernels = new Distinct();
  gradients = new Distinct();

  /**
   * @param {any} tf
   * @param {import('./watcher.js').Watcher} watcher it knows when a case is being executed
   */
  constructor(tf, watcher) {
    this.tf = tf;
    this.watcher = watcher;
    this.engine = tf.engine();
    this.visible = guarded(tf, 'tf', (found, path) => this.#noting(found, path));
    this.#watchMethods();
    this.#watchKernels();
    this.#watchTape();
  }

  /** Starts the trace of a case. */
  open() {
    this.calls = new Set();
    this.rules = new Map();
    this.kernels = new Distinct();
    this.gradients = new Distinct();
  }

  /** The trace of the case, as the answer has it. */
  close() {
    return {
      calls: [...this.calls],
      kernels: this.kernels.items(),
      gradients: this.gradients.items(),
      rules: Object.fromEntries(this.rules),
    };
  }

  /**
   * The function, noting every call under this name.
   * @param {Function} found
   * @param {string} name
   */
  #noting(found, name) {
    const note = () => this.calls.add(name);
    return /** @this {any} */ function (/** @type {any[]} */ ...args) {
      note();
      return Reflect.apply(found, this, args);
    };
  }

  #watchMethods() {
    const {prototype} = this.tf.Tensor;
    for (const name of chained(this.tf)) {
      if (typeof prototype[name] === 'function') {
        prototype[name] = this.#noting(prototype[name], `.${name}`);
      }
    }
  }

  #watchKernels() {
    for (const backend of this.engine.backendNames()) {
      for (const config of this.tf.getKernelsForBackend(backend)) {
        const {kernelFunc, kernelName} = config;
        config.kernelFunc = (/** @type {any} */ call) => {
          if (this.watcher.recording) {
            const inputs = new Distinct();
            operands(call.inputs).forEach((one) => inputs.add(one));
            this.kernels.add({kernel: kernelName, backend, inputs: inputs.items(), attributes: texts(call.attrs)});
          }
          return kernelFunc(call);
        };
      }
    }
  }

  #watchTape() {
    const {engine} = this;
    const addTapeNode = engine.addTapeNode.bind(engine);
    engine.addTapeNode = (/** @type {any[]} */ ...fields) => {
      addTapeNode(...fields);
      const node = engine.state.activeTape.at(-1);
      const [name, inputs, , , , attrs] = fields;
      const origin = this.#origin(name);
      if (this.watcher.recording && node.gradient && origin !== null) {
        node.gradient = this.#watched(node.gradient, origin, inputs, attrs);
      }
    };
  }

  /**
   * Whose gradient function a tape node has: a kernel's; an op's, as `logSigmoid()`; or, for one that
   * the case wrote, null.
   * @param {string} name the kernel or, where there is none, the scope
   */
  #origin(name) {
    if (this.tf.getGradient(name)) {
      return name;
    }
    // While a kernel runs, only the copies go on the tape that the engine makes to save a tensor.
    const isSaved = this.engine.state.kernelDepth > 0;
    return !isSaved && name?.endsWith(OP_SUFFIX) ? `${name.slice(0, -OP_SUFFIX.length)}()` : null;
  }

  /**
   * A gradient function that notes which of its gradients are computed.
   * @param {(dys: any[]) => Record<string, () => any>} rule
   * @param {string} kernel
   * @param {Record<string, any>} inputs
   * @param {any} attrs
   */
  #watched(rule, kernel, inputs, attrs) {
    const attributes = texts(attrs);
    const given = new Map(Object.keys(inputs).map((slot) => [slot, operands({[slot]: inputs[slot]})[0]]));
    return (/** @type {any[]} */ dys) => {
      const gradients = rule(dys);
      this.#offered(kernel, Object.keys(gradients));
      const thunks = Object.entries(gradients).map(([slot, compute]) => {
        const watched = () => {
          // The tape of an outer gradient is open while this one is computed: it will be differentiated.
          const order = 1 + this.engine.state.gradientDepth;
          this.gradients.add({kernel, input: given.get(slot), order, attributes});
          return compute();
        };
        return [slot, watched];
      });
      return Object.fromEntries(thunks);
    };
  }

  /**
   * @param {string} kernel
   * @param {string[]} slots
   */
  #offered(kernel, slots) {
    const before = this.rules.get(kernel) ?? [];
    this.rules.set(kernel, [...new Set([...before, ...slots.map(folded)])]);
  }
}

/** Plain values in order of their coming, each once. */
class Distinct {
  constructor() {
    /** @type {Map<string, object>} */
    this.found = new Map();
  }

  /** @param {object} item */
  add(item) {
    this.found.set(JSON.stringify(item), item);
  }

  items() {
    return [...this.found.values()];
  }
}

/** @param {string} slot */
function folded(slot) {
  return /^\d+$/.test(slot) ? '[]' : slot;
}

/**
 * The operands among the inputs of a kernel: some are left out, some are lists of tensors.
 * @param {Record<string, any>} inputs
 * @returns {Operand[]}
 */
function operands(inputs) {
  return Object.entries(inputs).flatMap(([slot, given]) =>
    [given]
      .flat()
      .filter((x) => x)
      .map(({dtype, shape}) => /** @type {Operand} */ ([folded(slot), dtype, shape.length, shape.includes(0)])),
  );
}

/**
 * Attributes as short texts of JSON, in order of their names.
 * @param {Record<string, any> | undefined} attrs
 * @returns {Record<string, string>}
 */
function texts(attrs) {
  const entries = Object.entries(attrs ?? {}).map(([name, value]) => [name, text(value)]);
  return Object.fromEntries(entries.sort());
}

/** @param {unknown} value */
function text(value) {
  const said = JSON.stringify(value, (_, item) => plain(item)) ?? 'undefined';
  return said.length > LONGEST_ATTRIBUTE ? `${said.slice(0, LONGEST_ATTRIBUTE)}…` : said;
}

/**
 * What JSON can say of a value: numbers that it lacks become texts.
 * @param {unknown} value
 */
function plain(value) {
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  return ArrayBuffer.isView(value) ? Array.from(/** @type {any} */ (value)) : value;
}
