/**
 * The tf.js runner in which a gradient can be made wrong: the built bundle, unchanged, in this process.
 *
 *     node planted_runner.cjs RUNNER --backend cpu
 *
 * A control line stands between two messages of the protocol and holds for those that follow; without
 * one, no gradient is wrong:
 *
 *     {"plant": {"kernel": "Atan2", "slot": "a", "other": "b", "fault": "swapped"}}    or {"plant": null}
 *
 * Every answer is followed by a line that says which gradients were computed for it,
 *
 *     {"computed": {"Atan2": {"a": {"nonzero": true, "misshapen": false}}}, "changed": 1}
 *
 * where `nonzero` is false if all elements were zero, `misshapen` is true if the gradient had not the
 * shape of the input, as one that does not add up the copies of broadcasting, and `changed` counts the gradients in which the
 * fault changed a number (from +0 to -0 is no change).
 */

'use strict';

const {createInterface} = require('node:readline');

const write = process.stdout.write.bind(process.stdout); // the bundle keeps stdout for itself
const {stdin} = process;
let plant = null;
let trace;

/** What the bundle reads as stdin: one line at a time, the next only after the last was answered. */
async function* messages() {
  for await (const line of createInterface({input: stdin})) {
    if (line.startsWith('{"plant":')) {
      plant = JSON.parse(line).plant;
      continue;
    }
    trace = {computed: {}, changed: 0};
    yield Buffer.from(`${line}\n`);
    write(`${JSON.stringify(trace)}\n`);
  }
}

/**
 * The values that each fault makes of the right ones. `about` has the gradient itself (`own`), the
 * upstream gradient, the kernel's inputs, and `again`, which computes it for another upstream gradient.
 * @type {Record<string, (right: Float32Array, about: any) => Float32Array>}
 */
const faults = {
  copied: (right) => right.slice(), // no fault: a control of what is planted around it
  negated: (right) => right.map((value) => -value),
  scaled: (right) => right.map((value) => value * 1.001),
  zero: (right) => right.map(() => 0),
  reversed: (right) => right.slice().reverse(),
  infinity: (right) => right.map((value) => (value === Infinity || value === -Infinity ? 0 : value)),
  nan: (right) => right.map((value) => (Number.isNaN(value) ? 0 : value)),
  element(right) {
    const size = right.length;
    const order = Array.from(right, (_, i) => (i + (size >> 1)) % size);
    const at = order.find((i) => Number.isFinite(right[i]) && right[i] !== 0) ?? order[0];
    return right.map((value, i) => (i === at ? (value === 0 ? 0.01 : value * 1.01) : value));
  },
  // The last two axes that are longer than 1, so that rows and columns of an image count too.
  transposed(right, {own}) {
    const [rows, columns] = own.shape.filter((/** @type {number} */ length) => length > 1).slice(-2);
    const size = rows * columns;
    const from = (/** @type {number} */ i) => (i % rows) * columns + Math.floor(i / rows);
    return columns === undefined ? right : right.map((_, i) => right[i - (i % size) + from(i % size)]);
  },
  unit: (_, {again}) => numbers(again(ones)),
  unsummed: (right, {own, dy, again}) =>
    Array.isArray(dy) || !isBroadcast(own.shape, dy.shape) ? right : numbers(again((d) => firstOnly(d, own.shape))),
  // Wrong wherever an element of this input has an equal one in its row (the last axis that is longer than
  // 1), or in its place in another input.
  ties: (right, {own, inputs, slot}) => wrongWhere(right, inputs, slot, (x, others) => {
    const columns = own.shape.findLast((/** @type {number} */ length) => length > 1) ?? 1;
    const isInRow = (/** @type {number} */ i) => {
      const start = i - (i % columns);
      return x.some((value, j) => j !== i && j >= start && j < start + columns && value === x[i]);
    };
    return (i) => isInRow(i) || others.some((other) => other[i] === x[i]);
  }),
  positive: (right, {inputs, slot}) => wrongWhere(right, inputs, slot, (x) => (i) => x[i] < 0),
};

/**
 * The right values with others (doubled, 1 for 0) where the input has elements that the fault is about.
 * @param {Float32Array} right
 * @param {[string, any][]} inputs
 * @param {string} slot
 * @param {(x: Float32Array, others: Float32Array[]) => (i: number) => boolean} about
 */
function wrongWhere(right, inputs, slot, about) {
  const mine = inputs.find(([name]) => name === slot)?.[1];
  if (!mine || mine.size !== right.length || mine.dtype === 'complex64') {
    return right;
  }
  const others = inputs.filter(([name, one]) => name !== slot && one.size === mine.size && one.dtype === mine.dtype);
  const isWrong = about(mine.values, others.map(([, one]) => one.values));
  return right.map((value, i) => (isWrong(i) ? (value === 0 ? 1 : value * 2) : value));
}

/**
 * The inputs of a kernel by slot, without those that were not given; those of a list by their places.
 * @param {any} inputs
 * @returns {[string, any][]}
 */
function operands(inputs) {
  return Object.entries(inputs ?? {})
    .flatMap(([name, given]) => (Array.isArray(given) ? given.map((one, i) => [String(i), one]) : [[name, given]]))
    .filter(([, one]) => one !== undefined && one !== null);
}

/** Whether a tensor of the one shape was broadcast to the other. */
function isBroadcast(small, large) {
  const padded = [...Array(Math.max(0, large.length - small.length)).fill(1), ...small];
  const fits = padded.length === large.length && padded.every((length, i) => length === 1 || length === large[i]);
  return fits && padded.some((length, i) => length !== large[i]);
}

/** The upstream gradient of the first copy alone: zero in all others. */
function firstOnly(dy, small) {
  const padded = [...Array(dy.rank - small.length).fill(1), ...small];
  const values = numbers(dy).map((value, i) => {
    let rest = i;
    let isFirst = true;
    for (let axis = dy.rank - 1; axis >= 0; axis--) {
      isFirst &&= padded[axis] !== 1 || rest % dy.shape[axis] === 0;
      rest = Math.floor(rest / dy.shape[axis]);
    }
    return isFirst ? value : 0;
  });
  return tensor(values, dy.shape);
}

/**
 * A tensor of these values. It runs no kernel, so nothing goes on a tape or among the kernels of the
 * case; it lives in the scope that is open, where the engine disposes of what it does not return.
 */
function tensor(values, shape) {
  return globalThis._tfengine.makeTensor(values, shape, 'float32');
}

const numbers = (from) => Float32Array.from(from.dataSync());

function ones(dy) {
  return Array.isArray(dy) ? dy.map(ones) : tensor(new Float32Array(dy.size).fill(1), dy.shape);
}

/** The values of another slot's gradient, where it has one of the same shape. */
function exchanged(right, own, other) {
  try {
    const found = other();
    return String(found.shape) === String(own.shape) ? numbers(found) : right;
  } catch {
    return right; // the other input has no gradient here, so there is nothing to confuse it with
  }
}

/** The gradient of one slot, right or wrong. */
function planted(kernel, slot, thunks, about) {
  const own = thunks[slot]();
  if (own.dtype !== 'float32') {
    return own;
  }
  const right = numbers(own);
  const seen = ((trace.computed[kernel] ??= {})[slot] ??= {nonzero: false, misshapen: false});
  seen.nonzero ||= right.some((value) => value !== 0);
  const input = about.inputs.find(([name]) => name === slot)?.[1];
  seen.misshapen ||= input !== undefined && String(input.shape) !== String(own.shape);
  const pair = plant ? [plant.slot, plant.other] : [];
  if (plant?.kernel !== kernel || !(slot === pair[0] || (plant.fault === 'swapped' && slot === pair[1]))) {
    return own;
  }
  const wrong =
    plant.fault === 'swapped'
      ? exchanged(right, own, thunks[slot === pair[0] ? pair[1] : pair[0]])
      : faults[plant.fault](right, {...about, own, slot});
  const isControl = plant.fault === 'copied';
  if (!isControl && right.every((value, i) => value === wrong[i] || (value !== value && wrong[i] !== wrong[i]))) {
    return own;
  }
  trace.changed += isControl ? 0 : 1;
  return tensor(wrong, own.shape);
}

/** Slot by slot, the inputs of the tape's node that is being differentiated. */
let inputs = [];

function wrap(kernel, config) {
  const right = config.gradFunc;
  config.gradFunc = (dy, saved, attrs) => {
    const thunks = right(dy, saved, attrs);
    const ofNode = inputs;
    const about = (slot) => ({dy, inputs: ofNode, again: (change) => right(change(dy), saved, attrs)[slot]()});
    return Object.fromEntries(
      Object.keys(thunks).map((slot) => [slot, () => planted(kernel, slot, thunks, about(slot))]),
    );
  };
}

/** The faults that look at the inputs. */
const ABOUT_INPUTS = new Set(['ties', 'positive']);

/** Gradient functions are not told the inputs, but the tape has them; at the time of the gradient, they may be gone. */
function watchTape(engine) {
  const add = engine.addTapeNode.bind(engine);
  engine.addTapeNode = (...node) => {
    add(...node);
    const added = engine.state.activeTape.at(-1);
    const {gradient} = added;
    if (!gradient) {
      return;
    }
    const isRead = plant?.kernel === added.kernelName && ABOUT_INPUTS.has(plant.fault);
    const given = operands(added.inputs).map(([slot, {shape, dtype, size}], i, all) => [
      slot,
      {shape, dtype, size, values: isRead && dtype !== 'string' ? numbers(all[i][1]) : null},
    ]);
    added.gradient = (dys) => {
      inputs = given;
      return gradient(dys);
    };
  };
}

Object.defineProperty(process, 'stdin', {value: messages()});
const [runner] = process.argv.splice(2, 1);
require(runner);
watchTape(globalThis._tfengine);
for (const [kernel, config] of globalThis._tfGlobals.get('gradRegistry')) {
  wrap(kernel, config);
}
