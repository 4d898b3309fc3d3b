/**
 * The protocol's tensors to tf.js tensors and back, bit by bit.
 *
 * Typed arrays have the byte order of the host; every host of tf.js is little-endian, as the protocol is.
 */

import {decode, encode} from './base64.js';

/**
 * @typedef {{dtype?: any, shape?: number[], data?: string, literal?: any}} Argument
 * @typedef {{dtype: string, shape: number[], data: string}} TensorMessage
 */

/**
 * The tf.js tensor of an argument; a literal goes through tf.js's own coercion.
 * @param {any} tf
 * @param {Argument} argument
 */
export function fromMessage(tf, argument) {
  const {dtype, shape, data} = argument;
  if (data === undefined) {
    return tf.tensor(literal(argument.literal), shape ?? undefined, dtype ?? undefined);
  }
  const bytes = decode(data);
  switch (dtype) {
    case 'float32':
      return tf.tensor(new Float32Array(bytes.buffer), shape, dtype);
    case 'int32':
      return tf.tensor(new Int32Array(bytes.buffer), shape, dtype);
    case 'bool':
      return tf.tensor(bytes, shape, dtype);
    case 'string':
      return tf.tensor(strings(bytes), shape, dtype);
    case 'complex64':
      return complex(tf, new Float32Array(bytes.buffer), shape);
    default:
      throw new TypeError(`tf.js has no dtype ${dtype}`);
  }
}

/**
 * The message of a tensor: its dtype, shape and bits, read back from its backend. A tensor that contradicts
 * itself (tf.js makes some: a size of NaN, fewer elements than the shape has) cannot be told, and throws.
 * @param {any} tensor
 * @returns {Promise<TensorMessage>}
 */
export async function toMessage(tensor) {
  const {dtype, shape} = tensor;
  return messageOf(dtype, shape, await (dtype === 'string' ? tensor.bytes() : tensor.data()));
}

/**
 * The message of these elements; those of strings are their bytes.
 * @param {string} dtype
 * @param {number[]} shape
 * @param {any} elements
 * @returns {TensorMessage}
 * @throws {RangeError} they are not as many as the shape has.
 */
export function messageOf(dtype, shape, elements) {
  if (dtype === 'string') {
    return {dtype, shape, data: encode(joined(elements))};
  }
  const items = stored(dtype, elements);
  let size = dtype === 'complex64' ? 2 : 1;
  for (const length of shape) {
    size *= length;
  }
  if (items.length !== size) {
    throw new RangeError(`the tensor of shape [${shape}] and dtype ${dtype} holds ${items.length} numbers`);
  }
  return {dtype, shape, data: encode(new Uint8Array(items.buffer, items.byteOffset, items.byteLength))};
}

/**
 * The elements in the array type of their dtype. Some gradients of tf.js have the dtype float32 and the
 * bytes of a bool behind it; their elements are read as a user reads them, one by one.
 * @param {string} dtype
 * @param {any} items
 */
function stored(dtype, items) {
  const Stored = {int32: Int32Array, bool: Uint8Array}[dtype] ?? Float32Array;
  return items instanceof Stored ? items : Stored.from(items);
}

/**
 * The JavaScript value of a literal: `{"number": "NaN"}` stands for what JSON cannot say.
 * @param {any} value
 * @returns {any}
 */
function literal(value) {
  if (Array.isArray(value)) {
    return value.map(literal);
  }
  return value !== null && typeof value === 'object' ? Number(value.number) : value;
}

/**
 * @param {any} tf
 * @param {Float32Array} pairs
 * @param {number[] | undefined} shape
 */
function complex(tf, pairs, shape) {
  const real = tf.tensor(pairs.filter((_, i) => i % 2 === 0), shape);
  const imag = tf.tensor(pairs.filter((_, i) => i % 2 === 1), shape);
  const tensor = tf.complex(real, imag);
  real.dispose();
  imag.dispose();
  return tensor;
}

/**
 * The strings of a string tensor's data: each a length (unsigned, 32 bits) and its UTF-8 bytes.
 * @param {Uint8Array} bytes
 * @returns {string[]}
 */
function strings(bytes) {
  const view = new DataView(bytes.buffer);
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    at = start + view.getUint32(at, true);
    found.push(new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes.subarray(start, at)));
  }
  return found;
}

/**
 * The data of a string tensor with these elements.
 * @param {Uint8Array[]} items
 * @returns {Uint8Array}
 */
function joined(items) {
  const bytes = new Uint8Array(items.reduce((total, item) => total + 4 + item.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const item of items) {
    view.setUint32(at, item.length, true);
    bytes.set(item, at + 4);
    at += 4 + item.length;
  }
  return bytes;
}
