// node:util. Its parts live in inspect.js, format.js, deep_equal.js, parse_args.js, mime.js and util_types.js; what is here is small.
//
// Native helpers: binding.getCallSites(n) -> call-site objects from the caller of util on; binding.getSystemErrors() (see errors.js);
// binding.parseEnv(text) -> object; binding.signalNumbers() -> { SIGINT: 2, … }.

const { codes, systemErrorMap, errnoException, exceptionWithHostPort } = require('./errors');
const { validateString, validateFunction, validateNumber, validateObject, validateOneOf, validateBoolean, validateInteger, validateAbortSignal } = require('./validators');
const { inspect } = require('./inspect');
const { format, formatWithOptions } = require('./format');
const { stripControl } = require('./text');
const types = require('./util_types');

const { defineProperty, defineProperties, getOwnPropertyDescriptors, getOwnPropertyDescriptor, setPrototypeOf, getPrototypeOf, keys } = Object;

// ---- callbacks and promises -----------------------------------------------

const promisifyCustom = Symbol.for('nodejs.util.promisify.custom');
/** Builtin functions whose callback takes several values name them here, so that the promise gives an object. */
const promisifyNames = Symbol('customPromisifyArgs');

function promisify(original) {
  validateFunction(original, 'original');
  const custom = original[promisifyCustom];
  if (custom) {
    validateFunction(custom, 'util.promisify.custom');
    return defineProperty(custom, promisifyCustom, { __proto__: null, value: custom, enumerable: false, writable: false, configurable: true });
  }
  const names = original[promisifyNames];
  function fn(...args) {
    return new Promise((resolve, reject) => {
      const returned = Reflect.apply(original, this, [...args, (error, ...values) => {
        if (error) return reject(error);
        if (names !== undefined && values.length > 1) {
          const result = {};
          for (let i = 0; i < names.length; i++) result[names[i]] = values[i];
          resolve(result);
        } else {
          resolve(values[0]);
        }
      }]);
      if (types.isPromise(returned)) {
        process.emitWarning('Calling promisify on a function that returns a Promise is likely a mistake.', 'DeprecationWarning', 'DEP0174');
      }
    });
  }
  setPrototypeOf(fn, getPrototypeOf(original));
  defineProperty(fn, promisifyCustom, { __proto__: null, value: fn, enumerable: false, writable: false, configurable: true });
  const descriptors = getOwnPropertyDescriptors(original);
  for (const key of Reflect.ownKeys(descriptors)) setPrototypeOf(descriptors[key], null);
  return defineProperties(fn, descriptors);
}
promisify.custom = promisifyCustom;

function callbackify(original) {
  validateFunction(original, 'original');
  function callbackified(...args) {
    const callback = args.pop();
    validateFunction(callback, 'last argument');
    const done = callback.bind(this);
    Reflect.apply(original, this, args).then(
      (value) => process.nextTick(done, null, value),
      (reason) => process.nextTick(rejected, reason, done),
    );
  }
  const descriptors = getOwnPropertyDescriptors(original);
  if (typeof descriptors.length.value === 'number') descriptors.length.value++;
  if (typeof descriptors.name.value === 'string') descriptors.name.value += 'Callbackified';
  for (const key of Reflect.ownKeys(descriptors)) setPrototypeOf(descriptors[key], null);
  defineProperties(callbackified, descriptors);
  return callbackified;
}

// A callback's first argument must be truthy to mean an error.
function rejected(reason, done) {
  return done(reason || new codes.ERR_FALSY_VALUE_REJECTION(reason));
}

// ---- classes and warnings ---------------------------------------------------

function inherits(ctor, superCtor) {
  if (ctor === undefined || ctor === null) throw new codes.ERR_INVALID_ARG_TYPE('ctor', 'Function', ctor);
  if (superCtor === undefined || superCtor === null) throw new codes.ERR_INVALID_ARG_TYPE('superCtor', 'Function', superCtor);
  if (superCtor.prototype === undefined) throw new codes.ERR_INVALID_ARG_TYPE('superCtor.prototype', 'Object', superCtor.prototype);
  defineProperty(ctor, 'super_', { __proto__: null, value: superCtor, writable: true, configurable: true });
  setPrototypeOf(ctor.prototype, superCtor.prototype);
}

const warnedCodes = new Set();

function deprecate(fn, message, code, options = {}) {
  if (code !== undefined) validateString(code, 'code');
  const { modifyPrototype = true } = options;
  if (process.noDeprecation === true) return fn;
  let warned = false;
  const warn = () => {
    if (warned) return;
    warned = true;
    if (code === undefined) {
      process.emitWarning(message, 'DeprecationWarning', deprecated);
    } else if (!warnedCodes.has(code)) {
      warnedCodes.add(code);
      process.emitWarning(message, 'DeprecationWarning', code, deprecated);
    }
  };
  function deprecated(...args) {
    if (process.noDeprecation !== true) warn();
    if (new.target) return Reflect.construct(fn, args, new.target);
    return Reflect.apply(fn, this, args);
  }
  if (modifyPrototype) {
    setPrototypeOf(deprecated, fn);
    if (fn.prototype) deprecated.prototype = fn.prototype;
  }
  defineProperty(deprecated, 'length', { __proto__: null, ...getOwnPropertyDescriptor(fn, 'length') });
  return deprecated;
}

// ---- debuglog ---------------------------------------------------------------

let debugPattern;

function debugEnabled(set) {
  if (debugPattern === undefined) {
    const wanted = process.env.NODE_DEBUG;
    if (wanted) {
      const escaped = wanted.replace(/[|\\{}()[\]^$+?.]/g, '\\$&').replaceAll('*', '.*').replaceAll(',', '$|^');
      debugPattern = new RegExp(`^${escaped}$`, 'i');
    } else {
      debugPattern = null;
    }
  }
  return debugPattern !== null && debugPattern.test(set);
}

function debuglog(set, callback) {
  set = String.prototype.toUpperCase.call(set);
  let enabled;
  const isEnabled = () => (enabled ??= debugEnabled(set));
  let write = (...args) => {
    if (isEnabled()) {
      const { pid } = process;
      write = (...list) => {
        const { stderr } = process;
        const colors = stderr && stderr.isTTY === true;
        stderr.write(`${formatWithOptions({ colors }, '%s %s: %s', set, colors ? inspect(pid, { colors }) : pid, formatWithOptions({ colors }, ...list))}\n`);
      };
    } else {
      write = () => {};
    }
    if (typeof callback === 'function') callback(write);
    write(...args);
  };
  const logger = (...args) => write(...args);
  defineProperty(logger, 'enabled', { __proto__: null, get: isEnabled, configurable: true, enumerable: true });
  return logger;
}

// ---- text -------------------------------------------------------------------

function stripVTControlCharacters(str) {
  validateString(str, 'str');
  return stripControl(str);
}

const isStream = (stream) => stream !== null && typeof stream === 'object' && (Boolean(stream._readableState || stream._writableState) ||
  (typeof stream.on === 'function' && (typeof stream.write === 'function' || typeof stream.pipe === 'function')) ||
  (typeof stream.getReader === 'function' && typeof stream.cancel === 'function') ||
  (typeof stream.getWriter === 'function' && typeof stream.abort === 'function'));

// Whether colours should go to this stream: FORCE_COLOR, NO_COLOR, NODE_DISABLE_COLORS and the terminal decide.
function wantsColor(stream) {
  const { env } = process;
  if (env.FORCE_COLOR !== undefined) {
    return env.FORCE_COLOR === '' || env.FORCE_COLOR === '1' || env.FORCE_COLOR === 'true' || env.FORCE_COLOR === '2' || env.FORCE_COLOR === '3';
  }
  if (!stream || !stream.isTTY) return false;
  return typeof stream.getColorDepth === 'function' ? stream.getColorDepth() > 2 : true;
}

function styleText(format_, text, options = {}) {
  validateString(text, 'text');
  validateObject(options, 'options');
  const { validateStream = true, stream = process.stdout } = options;
  validateBoolean(validateStream, 'options.validateStream');
  let skip = false;
  if (validateStream) {
    if (!isStream(stream)) throw new codes.ERR_INVALID_ARG_TYPE('stream', ['ReadableStream', 'WritableStream', 'Stream'], stream);
    skip = !wantsColor(stream);
  }
  let open = '';
  let close = '';
  let result = text;
  for (const key of Array.isArray(format_) ? format_ : [format_]) {
    if (key === 'none') continue;
    const pair = hexColor(key) ?? inspect.colors[key];
    if (pair === undefined || !Array.isArray(pair)) validateOneOf(key, 'format', Object.getOwnPropertyNames(inspect.colors));
    if (skip) continue;
    const [start, end] = pair;
    open += `\u001b[${start}m`;
    close = `\u001b[${end}m${close}`;
    // What the text closes itself is opened again, so that the rest keeps its style.
    const dimOrBold = end === 22;
    result = result.replaceAll(`\u001b[${end}m`, dimOrBold ? `\u001b[${end}m\u001b[${start}m` : `\u001b[${start}m`);
  }
  return skip ? text : `${open}${result}${close}`;
}

// "#rgb" and "#rrggbb": 24-bit foreground colours.
function hexColor(key) {
  if (typeof key !== 'string' || key[0] !== '#') return undefined;
  const long = key.length === 4 ? `#${key[1]}${key[1]}${key[2]}${key[2]}${key[3]}${key[3]}` : key;
  if (!/^#[0-9a-fA-F]{6}$/.test(long)) throw new codes.ERR_INVALID_ARG_VALUE('format', key, 'must be a valid hex color (#RGB or #RRGGBB)');
  const channel = (at) => parseInt(long.slice(at, at + 2), 16);
  return [`38;2;${channel(1)};${channel(3)};${channel(5)}`, 39];
}

// ---- system errors, call sites ------------------------------------------------

function checkErrno(err) {
  validateNumber(err, 'err');
  if (err >= 0 || !Number.isSafeInteger(err)) throw new codes.ERR_OUT_OF_RANGE('err', 'a negative integer', err);
}

function getSystemErrorName(err) {
  checkErrno(err);
  const entry = systemErrorMap().get(err);
  return entry ? entry[0] : `Unknown system error ${err}`;
}

function getSystemErrorMessage(err) {
  checkErrno(err);
  const entry = systemErrorMap().get(err);
  return entry ? entry[1] : `Unknown system error ${err}`;
}

function getCallSites(frameCount = 10, options) {
  if (options === undefined) {
    if (typeof frameCount === 'object') {
      options = frameCount;
      validateObject(options, 'options');
      frameCount = 10;
    } else {
      options = {};
    }
  } else {
    validateObject(options, 'options');
  }
  if (options.sourceMap !== undefined) validateBoolean(options.sourceMap, 'options.sourceMap');
  validateInteger(frameCount, 'frameCount', 1, 200);
  return binding.getCallSites(frameCount);
}

// ---- the rest -----------------------------------------------------------------

const aborted = async (signal, resource) => require('./abort').aborted(signal, resource);

function _extend(target, source) {
  if (source === null || typeof source !== 'object') return target;
  for (const key of keys(source)) target[key] = source[key];
  return target;
}

function parseEnv(content) {
  validateString(content, 'content');
  return binding.parseEnv(content);
}

function convertProcessSignalToExitCode(signalCode) {
  const numbers = binding.signalNumbers();
  validateOneOf(signalCode, 'signalCode', keys(numbers));
  return 128 + numbers[signalCode];
}

function diff(actual, expected) {
  return require('./diff').publicDiff(actual, expected);
}

const isDeepStrictEqual = (val1, val2, skipPrototype = false) => require('./deep_equal').isDeepStrictEqual(val1, val2, skipPrototype);

module.exports = {
  _errnoException: errnoException,
  _exceptionWithHostPort: exceptionWithHostPort,
  _extend: deprecate(_extend, 'The `util._extend` API is deprecated. Please use Object.assign() instead.', 'DEP0060'),
  callbackify,
  convertProcessSignalToExitCode,
  debug: debuglog,
  debuglog,
  deprecate,
  format,
  styleText,
  formatWithOptions,
  getCallSites,
  getSystemErrorMap: systemErrorMap,
  getSystemErrorName,
  getSystemErrorMessage,
  inherits,
  inspect,
  isArray: deprecate(Array.isArray, 'The `util.isArray` API is deprecated. Please use `Array.isArray()` instead.', 'DEP0044'),
  isDeepStrictEqual,
  promisify,
  stripVTControlCharacters,
  toUSVString: (input) => String.prototype.toWellFormed.call(`${input}`),
  aborted,
  types,
  parseEnv,
  diff,
};

// Loaded when first asked for.
const lazy = {
  parseArgs: () => require('./parse_args').parseArgs,
  MIMEType: () => require('./mime').MIMEType,
  MIMEParams: () => require('./mime').MIMEParams,
  transferableAbortController: () => require('./abort').transferableAbortController,
  transferableAbortSignal: () => require('./abort').transferableAbortSignal,
  TextEncoder: () => globalThis.TextEncoder,
  TextDecoder: () => globalThis.TextDecoder,
};
for (const name of keys(lazy)) {
  defineProperty(module.exports, name, {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
      const value = lazy[name]();
      defineProperty(module.exports, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
      return value;
    },
    set(value) {
      defineProperty(module.exports, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
    },
  });
}
// Internal: how builtins name the values of a callback with several.
defineProperty(module.exports, 'promisifyNames', { __proto__: null, value: promisifyNames, enumerable: false });
