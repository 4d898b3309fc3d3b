/**
 * Copies of the bits of tensors, made at once and without a trace in tf.js: no kernel runs, no tensor is made, and
 * no memory of a backend is held.
 */

import {messageOf} from './tensors.js';

/** @typedef {{dtype: string, shape: number[], items: any}} Snapshot */

/**
 * What a tensor is now.
 * @param {any} engine
 * @param {any} tensor
 * @returns {Snapshot}
 */
export function snapshot(engine, {dataId, dtype, shape}) {
  // Some backends hand out their own array.
  return {dtype, shape: [...shape], items: engine.readSync(dataId).slice()};
}

/**
 * Ones of this shape, as the gradient of a tensor to itself.
 * @param {{shape: number[], size: number}} tensor
 * @returns {Snapshot}
 */
export function ones({shape, size}) {
  return {dtype: 'float32', shape: [...shape], items: new Float32Array(size).fill(1)};
}

/**
 * The sum of float32 tensors of one shape, rounded as tf.js rounds it.
 * @param {Snapshot | null | undefined} sum absent before the first part
 * @param {Snapshot} part
 * @returns {Snapshot}
 */
export function plus(sum, part) {
  if (!sum) {
    return part;
  }
  return {...part, items: Float32Array.from(sum.items, (/** @type {number} */ item, i) => item + part.items[i])};
}

/**
 * The message of a snapshot.
 * @param {Snapshot} snapshot
 * @throws {RangeError} the tensor contradicts itself.
 */
export function told({dtype, shape, items}) {
  return messageOf(dtype, shape, items);
}
