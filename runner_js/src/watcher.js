/**
 * What a case did inside tf.js: which kernels ran, which tensors it made; and how to undo it.
 */

/** Watches one tf.js instance. There is one watcher per instance, made once, before the first case. */
export class Watcher {
  /** @param {any} tf */
  constructor(tf) {
    this.tf = tf;
    this.engine = tf.engine();
    this.recording = false;
    /** @type {string[]} */
    this.kernels = [];
    /** @type {Set<string>} */
    this.backends = new Set();
    /** @type {any[]} */
    this.tensors = [];
    this.#watchKernels();
    this.#watchTensors();
  }

  /** Starts the account of a case. */
  open() {
    this.recording = false;
    this.kernels = [];
    this.backends = new Set();
    this.tensors = [];
    this.before = this.alive();
  }

  /** The number of tensors that tf.js counts as alive. */
  alive() {
    return this.engine.memory().numTensors;
  }

  /** The number of tensors alive beyond those that were there when the account was opened. */
  leaked() {
    return this.alive() - this.before;
  }

  /**
   * Disposes all that the case made, kept tensors and variables too, and clears what a throw left open.
   * @throws {Error} the backend cannot free its memory.
   */
  close() {
    this.recording = false;
    const {tensors} = this;
    this.tensors = [];
    this.#clear();
    this.engine.disposeVariables();
    for (const tensor of tensors) {
      tensor.dispose();
    }
  }

  #clear() {
    // A throw between two halves of a pair can leave scopes and depths open; a stale depth would
    // switch the tape off, or on, for every later case.
    const {state} = this.engine;
    state.scopeStack = [];
    state.activeScope = null;
    state.activeTape = null;
    state.gradientDepth = 0;
    state.kernelDepth = 0;
  }

  #watchKernels() {
    for (const backend of this.engine.backendNames()) {
      for (const config of this.tf.getKernelsForBackend(backend)) {
        const {kernelFunc, kernelName} = config;
        config.kernelFunc = (/** @type {any} */ call) => {
          if (this.recording) {
            this.kernels.push(kernelName);
            this.backends.add(backend);
          }
          return kernelFunc(call);
        };
      }
    }
  }

  // Every new tensor goes through `engine.track`, inside a scope or not, kept or not.
  #watchTensors() {
    const track = this.engine.track.bind(this.engine);
    this.engine.track = (/** @type {any} */ tensor) => {
      this.tensors.push(tensor);
      return track(tensor);
    };
  }
}
