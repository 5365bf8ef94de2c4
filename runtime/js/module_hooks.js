// Customization hooks: the chains of module.registerHooks (this thread) and, behind them, those of module.register (the hooks thread).
//
// Native helpers (`module_native`.hooks): activate(here, thread); defaultResolve(specifier, parentURL, conditions) and
// defaultLoad(url, format, required), which end the chains; import(specifier, parentURL); importConditions, requireConditions.

const { codes } = require('./errors');
const { validateFunction } = require('./validators');
const { isAnyArrayBuffer, isArrayBufferView } = require('util').types;
const native = require('./module_native').hooks;

const { assign, freeze } = Object;

const registered = { resolve: [], load: [] };
// The hooks thread, once module.register has been called.
let thread;

function activate() {
  native.activate(registered.resolve.length + registered.load.length > 0, thread !== undefined);
}

class ModuleHooks {
  constructor(resolve, load) {
    this.resolve = resolve;
    this.load = load;
  }

  deregister() {
    for (const list of [registered.resolve, registered.load]) {
      const i = list.indexOf(this);
      if (i >= 0) list.splice(i, 1);
    }
    activate();
  }

  [Symbol.dispose]() {
    this.deregister();
  }
}

function registerHooks(hooks) {
  const { resolve, load } = hooks;
  if (resolve) validateFunction(resolve, 'hooks.resolve');
  if (load) validateFunction(load, 'hooks.load');
  const entry = new ModuleHooks(resolve, load);
  if (resolve) registered.resolve.push(entry);
  if (load) registered.load.push(entry);
  activate();
  return freeze(entry);
}

/** Runs the hooks of a kind, the one registered last first; each may pass on to the one before it, the first one to `last`. */
function run(kind, subject, context, last, check) {
  const hooks = registered[kind].slice();
  let deepest = hooks.length;
  const step = (i) => (arg, changes) => {
    if (changes && changes !== context) assign(context, changes);
    deepest = i;
    if (i < 0) return check(arg, last(arg, context));
    const result = hooks[i][kind](arg, context, step(i - 1));
    if (deepest === i && !result?.shortCircuit) {
      throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('true', kind, 'shortCircuit', result?.shortCircuit);
    }
    return check(arg, result);
  };
  return step(hooks.length - 1)(subject);
}

function checkResolved(specifier, result) {
  const { url, format, importAttributes } = result ?? {};
  if (typeof url !== 'string') throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a URL string', 'resolve', 'url', url);
  if (format && typeof format !== 'string') throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a string', 'resolve', 'format', format);
  if (importAttributes && typeof importAttributes !== 'object') {
    throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('an object', 'resolve', 'importAttributes', importAttributes);
  }
  return { __proto__: null, url, format, importAttributes };
}

function checkLoaded(loose) {
  return (url, result) => {
    const { source, format } = result ?? {};
    const nothing = source === null || source === undefined;
    const without = url.startsWith('node:') || format === 'builtin' || format === 'addon' || (loose && format === 'commonjs');
    if (!(without && nothing) && !url.startsWith('node:') && typeof source !== 'string' && !isAnyArrayBuffer(source) && !isArrayBufferView(source)) {
      throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a string, an ArrayBuffer, or a TypedArray', 'load', 'source', source);
    }
    if (typeof format !== 'string' && format !== undefined && format !== null) {
      throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a string', 'load', 'format', format);
    }
    return { __proto__: null, format, source };
  };
}

function checkConditions(conditions) {
  if (conditions !== undefined && !Array.isArray(conditions)) throw new codes.ERR_INVALID_ARG_VALUE('conditions', conditions, 'expected an array');
}

function resolveImport(specifier, parentURL, importAttributes) {
  const context = { __proto__: null, conditions: [...native.importConditions], importAttributes, parentURL };
  const last = (name, { conditions, parentURL, importAttributes }) => {
    checkConditions(conditions);
    return thread === undefined ? native.defaultResolve(name, parentURL, conditions) : thread.resolve(name, { conditions, importAttributes, parentURL });
  };
  return run('resolve', specifier, context, last, checkResolved);
}

function resolveRequire(specifier, parentURL, last) {
  const context = { __proto__: null, conditions: [...native.requireConditions], importAttributes: undefined, parentURL };
  const end = (name, { conditions }) => {
    checkConditions(conditions);
    return last(name, conditions ?? native.requireConditions);
  };
  return run('resolve', specifier, context, end, checkResolved);
}

function loadImport(url, format, importAttributes) {
  const context = { __proto__: null, conditions: [...native.importConditions], format, importAttributes };
  const last = (url, { conditions, format, importAttributes }) =>
    (thread === undefined ? native.defaultLoad(url, format, false) : thread.load(url, { conditions, format, importAttributes }));
  return run('load', url, context, last, checkLoaded(true));
}

function loadRequire(url, format, importAttributes) {
  const context = { __proto__: null, conditions: [...native.requireConditions], format, importAttributes: undefined };
  return run('load', url, context, (url, { format }) => native.defaultLoad(url, format, true), checkLoaded(false));
}

/** module.register(specifier[, parentURL][, { parentURL, data, transferList }]) */
function register(specifier, parentURL = undefined, options) {
  if (parentURL !== null && typeof parentURL === 'object' && !(parentURL instanceof URL)) {
    options = parentURL;
    parentURL = options.parentURL;
  }
  const start = require('./module_hooks_client');
  thread ??= start();
  thread.register(`${specifier}`, `${parentURL ?? 'data:'}`, options?.data, options?.transferList);
  activate();
}

module.exports = { register, registerHooks, resolveImport, resolveRequire, loadImport, loadRequire };
