/**
 * Puts tf.js on the wanted backend, and measures what the harness wants to know about it.
 */

import * as tf from '@tensorflow/tfjs';
import {setWasmPaths} from '@tensorflow/tfjs-backend-wasm';

export {tf};

/**
 * Selects a backend; the three wasm binaries are in `folder`.
 * @param {string} name
 * @param {string} folder
 * @throws {Error} tf.js does not have this backend, or could not start it.
 */
export async function select(name, folder) {
  setWasmPaths(folder.endsWith('/') ? folder : `${folder}/`);
  const found = await tf.setBackend(name);
  if (!found || tf.getBackend() !== name) {
    throw new Error(`tf.js could not start its backend ${name}`);
  }
}

/**
 * Starts the current backend anew. A trap inside WebAssembly can leave its memory damaged, and what
 * a damaged memory computes afterwards is no result.
 */
export async function renew() {
  const name = tf.getBackend();
  const factory = tf.findBackendFactory(name);
  try {
    tf.removeBackend(name);
  } catch {
    // It traps where it cannot free its memory; it is forgotten all the same.
    const engine = /** @type {any} */ (tf.engine());
    delete engine.registry[name];
    delete engine.registryFactory[name];
  }
  tf.registerBackend(name, factory);
  if (!(await tf.setBackend(name))) {
    throw new Error(`tf.js could not start its backend ${name} again`);
  }
}

/**
 * What pins the results of this backend, as texts.
 * @returns {Promise<Record<string, string>>}
 */
export async function settings() {
  if (tf.getBackend() !== 'wasm') {
    return {};
  }
  const [simd, threads] = await Promise.all([
    tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'),
    tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'),
  ]);
  return {simd: String(simd), threads: String(threads)};
}

/** Whether a subnormal times one is zero, in the scalar code of a kernel or in its vector code. */
export async function flushesSubnormals() {
  const SUBNORMAL = 1e-40;
  const products = [1, 32].map((size) => tf.tidy(() => tf.mul(tf.fill([size], SUBNORMAL), tf.ones([size]))));
  const items = await Promise.all(products.map((product) => product.data()));
  tf.dispose(products);
  return items.some((values) => values.some((value) => value === 0));
}
