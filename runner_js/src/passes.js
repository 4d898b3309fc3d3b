/**
 * The gradient passes through the calls of ops, overheard on the tape of tf.js.
 *
 * Every node on the tape belongs to the call that made it, or to none: gradient functions, too, put nodes on the
 * tape while an outer gradient is being taken. What a node contributes to the gradient of a tensor is
 * - a part of the upstream gradient of a call, where the tensor is a result of this call and the node is not its own;
 * - a part of what a call contributes to its input, where the node is its own.
 */

import {ones, plus, snapshot} from './snapshots.js';

/**
 * One pass through one call: sums of what was heard, with one of `gradients` per input. A pass is `mixed` where an
 * outer gradient also came in between results and inputs: then `gradients` do not follow from `upstream`.
 * @typedef {{level: number, upstream: Record<string, Snapshot>, gradients: (Snapshot | null)[], mixed: boolean}} Pass
 * @typedef {import('./snapshots.js').Snapshot} Snapshot
 * @typedef {import('./taps.js').Call} Call
 * @typedef {{level: number, passes: Map<Call, Pass>}} Gradient a gradient that is being taken
 */

/** Overhears the gradients of one case. */
export class Passes {
  /** @type {Gradient[]} */
  gradients = [];
  /** @type {Map<number, {call: Call, key: string | null}>} who made a tensor; the key is that of a result */
  makers = new Map();

  /**
   * @param {any} tf
   * @param {import('./taps.js').Tapper} tapper
   */
  constructor(tf, tapper) {
    this.tf = tf;
    this.tapper = tapper;
    this.engine = tf.engine();
    this.#watchGradients();
    this.#watchTape();
  }

  /**
   * Takes note that a tensor is a result of a call. One that the call only hands on stays its maker's.
   * @param {any} tensor
   * @param {Call} call
   * @param {string} key
   */
  name(tensor, call, key) {
    const maker = this.makers.get(tensor.id);
    if (maker?.call === call) {
      maker.key = key;
    }
  }

  #watchGradients() {
    const {engine} = this;
    const take = engine.gradients;
    const watched = (/** @type {any} */ f, /** @type {any} */ xs, /** @type {any} */ dy, /** @type {any[]} */ ...more) => {
      const gradient = {level: engine.state.gradientDepth, passes: new Map()};
      const seeded = () => {
        const y = f();
        this.#seed(gradient, y, dy);
        return y;
      };
      this.gradients.push(gradient);
      try {
        return Reflect.apply(take, engine, [seeded, xs, dy, ...more]);
      } finally {
        this.gradients.pop();
      }
    };
    this.tapper.replace(engine, 'gradients', watched);
  }

  /**
   * A gradient starts with dy at y, ones where it is not given.
   * @param {Gradient} gradient
   * @param {any} y
   * @param {any} dy
   */
  #seed(gradient, y, dy) {
    const maker = this.makers.get(y?.id);
    if (maker && maker.key !== null) {
      const seed = dy ? snapshot(this.engine, dy) : ones(y);
      this.#pass(gradient, maker.call).upstream[maker.key] = seed;
    }
  }

  #watchTape() {
    const {engine, tapper} = this;
    const add = engine.addTapeNode;
    const watched = (/** @type {any[]} */ ...fields) => {
      Reflect.apply(add, engine, fields);
      const node = engine.state.activeTape.at(-1);
      // While a kernel runs, only the copies go on the tape that the engine makes to save a tensor for a gradient
      // function. What comes back through them is of an outer gradient.
      const isCopy = engine.state.kernelDepth > 0;
      const call = isCopy ? null : tapper.running;
      if (call !== null) {
        node.outputs.forEach((/** @type {any} */ output) => this.makers.set(output.id, {call, key: null}));
      }
      if (node.gradient) {
        const isOfCase = tapper.depth === 0 && !isCopy && !this.tf.getGradient(node.kernelName);
        node.gradient = this.#watched(node, call, isOfCase);
      }
    };
    tapper.replace(engine, 'addTapeNode', watched);
  }

  /**
   * The gradient function of a node, overheard.
   * @param {any} node
   * @param {Call | null} call
   * @param {boolean} isOfCase the case wrote it, and its calls of ops are calls of the case
   */
  #watched({gradient: rule, inputs}, call, isOfCase) {
    const {tapper} = this;
    const apart = (/** @type {() => any} */ work) => tapper.at(isOfCase ? 0 : 1, work);
    return (/** @type {any[]} */ dys) => {
      const gradient = this.gradients[this.gradients.length - 1];
      const computing = /** @type {[string, () => any][]} */ (Object.entries(apart(() => rule(dys))));
      const watched = computing.map(([slot, compute]) => [
        slot,
        () => {
          const dx = apart(compute);
          this.#hear(gradient, call, inputs[slot], dx);
          return dx;
        },
      ]);
      return Object.fromEntries(watched);
    };
  }

  /**
   * @param {Gradient} gradient
   * @param {Call | null} call whose node contributes
   * @param {any} input the tensor whose gradient it is
   * @param {any} dx what tf.js adds to it, if it is what it has to be
   */
  #hear(gradient, call, input, dx) {
    if (dx?.dtype !== 'float32' || !this.tf.util.arraysEqual(dx.shape, input.shape)) {
      return;
    }
    const maker = this.makers.get(input.id);
    if (maker && maker.call !== call) {
      const pass = this.#pass(gradient, maker.call);
      if (maker.key === null) {
        pass.mixed = true;
      } else {
        pass.upstream[maker.key] = plus(pass.upstream[maker.key], snapshot(this.engine, dx));
      }
    }
    const position = call?.ids.indexOf(input.id) ?? -1;
    if (call !== null && position >= 0) {
      const {gradients} = this.#pass(gradient, call);
      gradients[position] = plus(gradients[position], snapshot(this.engine, dx));
    }
  }

  /**
   * @param {Gradient} gradient
   * @param {Call} call
   * @returns {Pass}
   */
  #pass(gradient, call) {
    const known = gradient.passes.get(call);
    if (known) {
      return known;
    }
    const pass = {level: gradient.level, upstream: {}, gradients: call.ids.map(() => null), mixed: false};
    gradient.passes.set(call, pass);
    call.passes.push(pass);
    return pass;
  }
}
