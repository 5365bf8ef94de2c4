// node:looplab: what looplab has beside Node's modules.

const native = require('/offload_native');
const { codes } = require('./errors');
const { validateFunction } = require('./validators');

/**
 * Calls `fn(...args)` on a worker of the thread pool, in an engine and a loop of its own, and promises what it gives. Its source goes
 * there, not the function: it sees its arguments and the globals, and has `require`, but none of the variables around it. Arguments and result
 * are structured clones. What it prints comes when it is done. It may be async; it holds one of the pool's workers (four, unless
 * UV_THREADPOOL_SIZE says otherwise) until its loop has nothing left to do.
 */
function offload(fn, ...args) {
  validateFunction(fn, 'fn');
  const source = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw new codes.ERR_INVALID_ARG_VALUE('fn', fn, 'must be a function with source text');
  }
  return native.start(source, args);
}

/** What the other side runs. */
async function perform() {
  const [source, args] = native.take();
  const scope = globalThis;
  scope.require ??= require('module').createRequire(`${process.cwd()}/`);
  let fn;
  try {
    fn = (0, eval)(`(${source}\n)`);
  } catch (error) {
    // A method, written as in `{ name() {} }`.
    try {
      const holder = (0, eval)(`({${source}\n})`);
      fn = holder[Object.keys(holder)[0]];
    } catch {
      throw error;
    }
  }
  native.give(await fn(...args));
}

module.exports = native.performs ? { offload, perform } : { offload };
