// node:vm. Scripts and realms are native (`vm_native`); here a sandbox object is tied to a realm's global object.
//
// A context's global object has an accessor for each property of its sandbox, so that both see one value; what a script adds to the
// global object is moved to the sandbox when it ends.

const { codes } = require('./errors');
const { validateArray, validateBoolean, validateInt32, validateObject, validateOneOf, validateString, validateStringArray, validateUint32, validateFunction } = require('./validators');
const native = require('./vm_native');

const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { ownKeys } = Reflect;

const contexts = new WeakMap();
const script_ = Symbol('script');

// ---- contexts -----------------------------------------------------------------

function isContext(object) {
  validateObject(object, 'object', 1 | 4);
  return contexts.has(object);
}

// Properties of a sandbox that scripts see: its own and inherited ones, down to the plain object's.
function visibleKeys(sandbox) {
  const keys = new Set();
  for (let o = sandbox; o !== null && o !== Object.prototype; o = getPrototypeOf(o)) for (const key of ownKeys(o)) keys.add(key);
  return keys;
}

// Before a script: what the sandbox has.
function lend(context) {
  const { sandbox, global, lent } = context;
  const keys = visibleKeys(sandbox);
  for (const key of lent) {
    if (keys.has(key)) continue;
    lent.delete(key);
    Reflect.deleteProperty(global, key);
  }
  for (const key of keys) {
    if (lent.has(key)) continue;
    const known = getOwnPropertyDescriptor(global, key);
    if (known !== undefined && !known.configurable) continue;
    accessor(context, key);
  }
}

function accessor(context, key) {
  const { sandbox, global, lent } = context;
  lent.add(key);
  const own = getOwnPropertyDescriptor(sandbox, key);
  defineProperty(global, key, {
    __proto__: null,
    configurable: true,
    enumerable: own === undefined || own.enumerable,
    get: () => sandbox[key],
    set(value) {
      // A constant of the sandbox stays as it is.
      Reflect.set(sandbox, key, value);
    },
  });
}

// After a script: what it has added or changed, and what it has taken away.
function takeBack(context) {
  const { sandbox, global, lent, builtins } = context;
  for (const key of lent) {
    if (getOwnPropertyDescriptor(global, key) !== undefined) continue;
    lent.delete(key);
    Reflect.deleteProperty(sandbox, key);
  }
  for (const key of ownKeys(global)) {
    const descriptor = getOwnPropertyDescriptor(global, key);
    if (lent.has(key)) {
      // A function declaration replaces the accessor by a value.
      if (descriptor.get === undefined && 'value' in descriptor) {
        sandbox[key] = descriptor.value;
        if (descriptor.configurable) accessor(context, key);
      }
      continue;
    }
    if (builtins.has(key) && Object.is(builtins.get(key), descriptor.value)) continue;
    defineProperty(sandbox, key, descriptor.get || descriptor.set ? descriptor : { ...descriptor, writable: descriptor.writable, configurable: true });
    if (descriptor.configurable && 'value' in descriptor) accessor(context, key);
    else lent.add(key);
  }
}

function checkContextOptions(options) {
  validateObject(options, 'options');
  const { name = 'VM Context', origin, codeGeneration, microtaskMode } = options;
  validateString(name, 'options.name');
  if (origin !== undefined) validateString(origin, 'options.origin');
  if (codeGeneration !== undefined) {
    validateObject(codeGeneration, 'options.codeGeneration');
    const { strings = true, wasm = true } = codeGeneration;
    validateBoolean(strings, 'options.codeGeneration.strings');
    validateBoolean(wasm, 'options.codeGeneration.wasm');
  }
  validateOneOf(microtaskMode, 'options.microtaskMode', ['afterEvaluate', undefined]);
}

function createContext(contextObject = {}, options = {}) {
  const vanilla = contextObject === constants.DONT_CONTEXTIFY;
  if (!vanilla) {
    if (contextObject === null || (typeof contextObject !== 'object' && typeof contextObject !== 'function')) {
      throw new codes.ERR_INVALID_ARG_TYPE('contextObject', ['Object'], contextObject);
    }
    if (contexts.has(contextObject)) return contextObject;
  }
  checkContextOptions(options);
  const realm = native.newRealm();
  const global = native.realmGlobal(realm);
  if (vanilla) {
    contexts.set(global, { realm, global, vanilla });
    return global;
  }
  const builtins = new Map();
  for (const key of ownKeys(global)) builtins.set(key, getOwnPropertyDescriptor(global, key).value);
  contexts.set(contextObject, { realm, global, sandbox: contextObject, lent: new Set(), builtins });
  return contextObject;
}

function contextOf(object) {
  const context = contexts.get(object);
  if (context === undefined) throw new codes.ERR_INVALID_ARG_TYPE('contextifiedObject', 'vm.Context', object);
  return context;
}

// ---- scripts ------------------------------------------------------------------

function runOptions(options, name = 'options') {
  validateObject(options, name);
  const { timeout, displayErrors = true, breakOnSigint = false } = options;
  if (timeout !== undefined) validateUint32(timeout, `${name}.timeout`, true);
  validateBoolean(displayErrors, `${name}.displayErrors`);
  validateBoolean(breakOnSigint, `${name}.breakOnSigint`);
  return timeout ?? 0;
}

class Script {
  constructor(code, options = {}) {
    code = `${code}`;
    if (typeof options === 'string') options = { filename: options };
    else validateObject(options, 'options');
    const { filename = 'evalmachine.<anonymous>', lineOffset = 0, columnOffset = 0, cachedData, produceCachedData = false, importModuleDynamically } = options;
    validateString(filename, 'options.filename');
    validateInt32(lineOffset, 'options.lineOffset');
    validateInt32(columnOffset, 'options.columnOffset');
    if (cachedData !== undefined && !ArrayBuffer.isView(cachedData)) {
      throw new codes.ERR_INVALID_ARG_TYPE('options.cachedData', ['Buffer', 'TypedArray', 'DataView'], cachedData);
    }
    validateBoolean(produceCachedData, 'options.produceCachedData');
    if (importModuleDynamically !== undefined && importModuleDynamically !== constants.USE_MAIN_CONTEXT_DEFAULT_LOADER) validateFunction(importModuleDynamically, 'options.importModuleDynamically');
    defineProperty(this, script_, { __proto__: null, value: native.compile(code, filename, lineOffset, columnOffset), enumerable: false });
    if (cachedData !== undefined) this.cachedDataRejected = cachedData.byteLength === 0 || cachedData[0] !== 0x6c;
    if (produceCachedData) {
      this.cachedData = this.createCachedData();
      this.cachedDataProduced = true;
    }
    const map = /\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/.exec(code);
    this.sourceMapURL = map === null ? undefined : map[1];
  }

  runInThisContext(options = {}) {
    if (!(this instanceof Script)) throw new TypeError('Illegal invocation');
    return native.run(this[script_], undefined, runOptions(options));
  }

  runInContext(contextifiedObject, options = {}) {
    validateContext(contextifiedObject);
    const timeout = runOptions(options);
    const context = contextOf(contextifiedObject);
    if (context.vanilla) return native.run(this[script_], context.realm, timeout);
    lend(context);
    try {
      return globalAsSandbox(context, native.run(this[script_], context.realm, timeout));
    } finally {
      takeBack(context);
    }
  }

  runInNewContext(contextObject, options = {}) {
    const context = createContext(contextObject, contextOptions(options));
    return this.runInContext(context, options);
  }

  // Compiling is not what takes the time here: the data only says that it was asked for.
  createCachedData() {
    return Buffer.from('looplab');
  }
}

// `this` at the top of a script stands for the sandbox.
const globalAsSandbox = (context, value) => (value === context.global ? context.sandbox : value);

function validateContext(object) {
  if (!isContext(object)) throw new codes.ERR_INVALID_ARG_TYPE('contextifiedObject', 'vm.Context', object);
}

function contextOptions(options) {
  if (options === undefined || options === null || typeof options !== 'object') return {};
  const result = {};
  if (options.contextName !== undefined) {
    validateString(options.contextName, 'options.contextName');
    result.name = options.contextName;
  }
  if (options.contextOrigin !== undefined) {
    validateString(options.contextOrigin, 'options.contextOrigin');
    result.origin = options.contextOrigin;
  }
  if (options.contextCodeGeneration !== undefined) {
    validateObject(options.contextCodeGeneration, 'options.contextCodeGeneration');
    for (const key of ['strings', 'wasm']) {
      if (options.contextCodeGeneration[key] !== undefined) validateBoolean(options.contextCodeGeneration[key], `options.contextCodeGeneration.${key}`);
    }
    result.codeGeneration = options.contextCodeGeneration;
  }
  if (options.microtaskMode !== undefined) {
    validateOneOf(options.microtaskMode, 'options.microtaskMode', ['afterEvaluate', undefined]);
    result.microtaskMode = options.microtaskMode;
  }
  return result;
}

const asOptions = (options) => (typeof options === 'string' ? { filename: options } : options);

function runInContext(code, contextifiedObject, options) {
  validateContext(contextifiedObject);
  options = asOptions(options) ?? {};
  return new Script(code, options).runInContext(contextifiedObject, options);
}

function runInNewContext(code, contextObject, options) {
  options = asOptions(options) ?? {};
  const context = createContext(contextObject, contextOptions(options));
  return new Script(code, options).runInContext(context, options);
}

function runInThisContext(code, options) {
  options = asOptions(options) ?? {};
  return new Script(code, options).runInThisContext(options);
}

function createScript(code, options) {
  return new Script(code, options);
}

function compileFunction(code, params, options = {}) {
  validateString(code, 'code');
  if (params !== undefined) validateStringArray(params, 'params');
  validateObject(options, 'options');
  const { filename = '', columnOffset = 0, lineOffset = 0, cachedData, produceCachedData = false, parsingContext, contextExtensions = [] } = options;
  validateString(filename, 'options.filename');
  validateInt32(columnOffset, 'options.columnOffset');
  validateInt32(lineOffset, 'options.lineOffset');
  if (cachedData !== undefined && !ArrayBuffer.isView(cachedData)) {
    throw new codes.ERR_INVALID_ARG_TYPE('options.cachedData', ['Buffer', 'TypedArray', 'DataView'], cachedData);
  }
  validateBoolean(produceCachedData, 'options.produceCachedData');
  if (parsingContext !== undefined && (typeof parsingContext !== 'object' || parsingContext === null || !isContext(parsingContext))) {
    throw new codes.ERR_INVALID_ARG_TYPE('options.parsingContext', 'Context', parsingContext);
  }
  validateArray(contextExtensions, 'options.contextExtensions');
  contextExtensions.forEach((extension, i) => validateObject(extension, `options.contextExtensions[${i}]`, 1));
  const context = parsingContext === undefined ? undefined : contextOf(parsingContext);
  if (context?.sandbox !== undefined) lend(context);
  const names = params ?? [];
  let result;
  if (contextExtensions.length === 0) {
    result = native.compileFunction(code, names, filename, lineOffset, columnOffset, context?.realm);
  } else {
    // Each extension object is a scope around the function.
    const scopes = contextExtensions.map((_, i) => `with (__scope${i}) `).join('');
    const maker = native.compileFunction(`${scopes}return function (${names.join(', ')}) { ${code}\n}`, contextExtensions.map((_, i) => `__scope${i}`), filename, lineOffset, columnOffset, context?.realm);
    result = maker(...contextExtensions);
  }
  if (produceCachedData) {
    result.cachedDataProduced = true;
    result.cachedData = Buffer.from('looplab');
  }
  if (cachedData !== undefined) result.cachedDataRejected = cachedData.byteLength === 0 || cachedData[0] !== 0x6c;
  return result;
}

const mode = { SUMMARY: 'summary', DETAILED: 'detailed' };

function measureMemory(options = {}) {
  validateObject(options, 'options');
  const { mode: which = mode.SUMMARY, execution = 'default' } = options;
  validateOneOf(which, 'options.mode', [mode.SUMMARY, mode.DETAILED]);
  validateOneOf(execution, 'options.execution', ['default', 'eager']);
  const used = process.memoryUsage().heapUsed;
  const estimate = { jsMemoryEstimate: used, jsMemoryRange: [used, used] };
  return Promise.resolve(which === mode.SUMMARY ? { total: estimate } : { total: estimate, current: estimate, other: [] });
}

const constants = Object.freeze({
  __proto__: null,
  USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol('vm_dynamic_import_main_context_default'),
  DONT_CONTEXTIFY: Symbol('vm_context_no_contextify'),
});

module.exports = { Script, createContext, createScript, runInContext, runInNewContext, runInThisContext, isContext, compileFunction, measureMemory, constants };
