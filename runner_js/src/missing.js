/**
 * Tells a call of something that this tf.js does not have from an error that tf.js throws.
 */

/** The case uses a function or method that this version of tf.js does not have. */
export class MissingOp extends Error {}

/**
 * `tf` as a case sees it: reading a name that is not there throws `MissingOp`, in namespaces too.
 * @param {any} namespace
 * @param {string} path
 * @param {(found: Function, path: string) => Function} shown what a case gets for a function
 * @returns {any}
 */
export function guarded(namespace, path = 'tf', shown = (found) => found) {
  const seen = new Map();
  // The target is empty because a proxy must not alter the fixed properties of its own target.
  return new Proxy(Object.create(null), {
    get(_, name) {
      if (!seen.has(name)) {
        const found = namespace[name];
        const inner = `${path}.${String(name)}`;
        if (found === undefined) {
          throw new MissingOp(`no op ${inner}`);
        }
        const isNamespace = typeof found === 'object' && found !== null;
        const single = typeof found === 'function' ? shown(found, inner) : found;
        seen.set(name, isNamespace ? guarded(found, inner, shown) : single);
      }
      return seen.get(name);
    },
  });
}

/**
 * Why a thrown value means "not in this tf.js", or null where it is an error like any other.
 *
 * A method that Tensor does not have shows only as a TypeError; it counts when the source calls it.
 * @param {any} tf
 * @param {string} source
 * @param {unknown} thrown
 * @returns {string | null}
 */
export function missing(tf, source, thrown) {
  if (thrown instanceof MissingOp) {
    return thrown.message;
  }
  const method = thrown instanceof TypeError && /\.(\w+) is not a function$/.exec(thrown.message)?.[1];
  if (!method || method in tf.Tensor.prototype || !source.includes(`.${method}(`)) {
    return null;
  }
  return `no method ${method} of Tensor`;
}
