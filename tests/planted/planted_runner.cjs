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
 *     {"computed": {"Atan2": {"a": {"nonzero": true}}}, "changed": 1}
 *
 * where `nonzero` is false if all elements were zero, and `changed` counts the gradients in which the
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
 * The values that each fault makes of the right ones.
 * @type {Record<string, (right: Float32Array) => Float32Array>}
 */
const faults = {
  copied: (right) => right.slice(), // no fault: a control of what is planted around it
  negated: (right) => right.map((value) => -value),
  scaled: (right) => right.map((value) => value * 1.001),
  reversed: (right) => right.slice().reverse(),
  finite: (right) => right.map((value) => (Math.abs(value) === Infinity ? 0 : value)),
  element(right) {
    const size = right.length;
    const order = Array.from(right, (_, i) => (i + (size >> 1)) % size);
    const at = order.find((i) => Number.isFinite(right[i]) && right[i] !== 0) ?? order[0];
    return right.map((value, i) => (i === at ? (value === 0 ? 0.01 : value * 1.01) : value));
  },
};

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

/** The gradient of one slot, right or wrong. `again` computes it for another upstream gradient. */
function planted(kernel, slot, thunks, again) {
  const own = thunks[slot]();
  if (own.dtype !== 'float32') {
    return own;
  }
  const right = numbers(own);
  const seen = ((trace.computed[kernel] ??= {})[slot] ??= {nonzero: false});
  seen.nonzero ||= right.some((value) => value !== 0);
  const pair = plant ? [plant.slot, plant.other] : [];
  if (plant?.kernel !== kernel || !(slot === pair[0] || (plant.fault === 'swapped' && slot === pair[1]))) {
    return own;
  }
  let wrong;
  if (plant.fault === 'swapped') {
    wrong = exchanged(right, own, thunks[slot === pair[0] ? pair[1] : pair[0]]);
  } else {
    wrong = plant.fault === 'unit' ? numbers(again()) : faults[plant.fault](right);
  }
  const isControl = plant.fault === 'copied';
  if (!isControl && right.every((value, i) => value === wrong[i] || (value !== value && wrong[i] !== wrong[i]))) {
    return own;
  }
  trace.changed += isControl ? 0 : 1;
  return tensor(wrong, own.shape);
}

function wrap(kernel, config) {
  const right = config.gradFunc;
  config.gradFunc = (dy, saved, attrs) => {
    const thunks = right(dy, saved, attrs);
    const again = (slot) => right(ones(dy), saved, attrs)[slot]();
    return Object.fromEntries(
      Object.keys(thunks).map((slot) => [slot, () => planted(kernel, slot, thunks, () => again(slot))]),
    );
  };
}

Object.defineProperty(process, 'stdin', {value: messages()});
const [runner] = process.argv.splice(2, 1);
require(runner);
for (const [kernel, config] of globalThis._tfGlobals.get('gradRegistry')) {
  wrap(kernel, config);
}
