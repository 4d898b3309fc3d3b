/**
 * The names of the bundled tf.js that a case may use, and the kernels and gradients it has.
 *
 * tf.js marks its ops itself: their function names end in `__op`. Run at build time.
 */

const OP_SUFFIX = '__op';

/** Functions that are no ops in that sense, yet pure: gradients, creation, tidying. */
const FUNCTIONS = [
  ...['grad', 'grads', 'valueAndGrad', 'valueAndGrads', 'variableGrads', 'customGrad'],
  ...['tensor', 'scalar', 'tensor1d', 'tensor2d', 'tensor3d', 'tensor4d', 'tensor5d', 'tensor6d', 'variable'],
  ...['zeros', 'ones', 'fill', 'range', 'linspace', 'meshgrid', 'cosineWindow', 'lowerBound', 'upperBound'],
  ...['tidy', 'keep'],
];

/** Methods of Tensor that read, print or end a tensor, or tell about it; the others are chained ops. */
const NOT_CHAINED =
  /^(constructor|(data|array|buffer|bytes|print|dispose|toString|throwIfDisposed|isDisposed|rank)(Sync|ToGPU)?|dataToGPU)$/;

/**
 * @param {any} tf
 * @param {string[]} backends
 */
export function names(tf, backends) {
  return {
    version: tf.version.tfjs,
    functions: [...new Set([...ops(tf), ...FUNCTIONS.filter((name) => name in tf)])].sort(),
    methods: chained(tf).sort(),
    public: everything(tf).sort(),
    gradients: gradients(),
    kernels: Object.fromEntries(backends.map((backend) => [backend, kernels(tf, backend)])),
  };
}

/**
 * The chained ops of tensors.
 * @param {any} tf
 */
export function chained(tf) {
  return Object.getOwnPropertyNames(tf.Tensor.prototype).filter((name) => !NOT_CHAINED.test(name));
}

/**
 * The paths of all public functions, in namespaces too, be they in reach of a case or not; without classes,
 * whose names start with a capital.
 * @param {any} tf
 * @returns {string[]}
 */
function everything(tf) {
  return members(tf).flatMap(([name, found]) => {
    const inner = members(found).filter(([, value]) => typeof value === 'function');
    return inner.length === 0 && typeof found === 'function' ? [name] : inner.map(([key]) => `${name}.${key}`);
  });
}

/**
 * The functions and objects in a namespace; `tf.train` is a class that serves as one.
 * @param {any} owner
 * @returns {[string, any][]}
 */
function members(owner) {
  return Object.getOwnPropertyNames(owner)
    .filter((name) => /^[a-z]/.test(name) && name !== 'prototype')
    .map((name) => /** @type {[string, any]} */ ([name, owner[name]]))
    .filter(([, found]) => typeof found === 'function' || (found !== null && typeof found === 'object'));
}

/**
 * The paths of the synchronous ops of tf.js: its own, and those one namespace down, as `losses.huberLoss`.
 * @param {any} tf
 * @returns {string[]}
 */
function ops(tf) {
  return Object.entries(tf).flatMap(([name, found]) => {
    const isNamespace = found !== null && typeof found === 'object' && !Array.isArray(found);
    const inner = isNamespace ? Object.entries(found).filter(([key, value]) => isOp(key, value)) : [];
    return isOp(name, found) ? [name] : inner.map(([key]) => `${name}.${key}`);
  });
}

/**
 * @param {string} name
 * @param {any} found
 */
function isOp(name, found) {
  const synchronous = !name.endsWith('Async') && found?.constructor?.name !== 'AsyncFunction';
  return typeof found === 'function' && found.name.endsWith(OP_SUFFIX) && synchronous;
}

/**
 * @param {any} tf
 * @param {string} backend
 * @returns {string[]}
 */
function kernels(tf, backend) {
  const found = tf.getKernelsForBackend(backend);
  return found.map((/** @type {{kernelName: string}} */ kernel) => kernel.kernelName).sort();
}

/**
 * The kernels that a gradient is registered for; tf.js can look one up, but not list them.
 * @returns {string[]}
 */
function gradients() {
  const globals = /** @type {any} */ (globalThis)._tfGlobals;
  return [...globals.get('gradRegistry').keys()].sort();
}
