// What of `process` is convenience over a few natives: warnings, checks of arguments, reports. Loaded when one of these is first called.
//
// Native helpers come as require('./process_native').

const { codes, errnoException } = require('./errors');
const {
  validateString, validateObject, validateNumber, validateUint32, validateArray, validateBoolean, parseFileMode,
} = require('./validators');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const native = require('./process_native');

const { flags } = native;

// ---- warnings -------------------------------------------------------------------

function emitWarning(warning, type, code, ctor) {
  if (type === 'DeprecationWarning' && process.noDeprecation) return undefined;
  let detail;
  if (type !== null && typeof type === 'object' && !Array.isArray(type)) {
    ({ ctor, code } = type);
    if (typeof type.detail === 'string') ({ detail } = type);
    type = type.type || 'Warning';
  } else if (typeof type === 'function') {
    ctor = type;
    code = '';
    type = 'Warning';
  }
  if (type !== undefined) validateString(type, 'type');
  if (typeof code === 'function') {
    ctor = code;
    code = '';
  } else if (code !== undefined) {
    validateString(code, 'code');
  }
  if (typeof warning === 'string') warning = newWarning(warning, type, code, ctor, detail);
  else if (!(warning instanceof Error)) throw new codes.ERR_INVALID_ARG_TYPE('warning', ['Error', 'string'], warning);
  if (warning.name === 'DeprecationWarning') {
    if (process.noDeprecation) return undefined;
    if (process.throwDeprecation) {
      // Warnings that came before it are told first.
      process.nextTick(() => { throw warning; });
      return undefined;
    }
  }
  process.nextTick(emitNow, warning);
  return undefined;
}

function newWarning(text, type, code, ctor, detail) {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const warning = new Error(text);
  Error.stackTraceLimit = limit;
  warning.name = String(type || 'Warning');
  if (code !== undefined) warning.code = code;
  if (detail !== undefined) warning.detail = detail;
  Error.captureStackTrace(warning, ctor || process.emitWarning);
  return warning;
}

function emitNow(warning) {
  process.emit('warning', warning);
}

let hinted = false;

/** The listener of 'warning' that prints. */
function onWarning(warning) {
  if (flags.disableWarning.length > 0 && (flags.disableWarning.includes(warning?.code) || flags.disableWarning.includes(warning?.name))) return;
  if (!(warning instanceof Error)) return;
  const deprecation = warning.name === 'DeprecationWarning';
  if (deprecation && process.noDeprecation) return;
  const trace = process.traceProcessWarnings || (deprecation && process.traceDeprecation);
  let text = `(node:${process.pid}) `;
  if (warning.code) text += `[${warning.code}] `;
  if (trace && warning.stack) text += warning.stack;
  else text += typeof warning.toString === 'function' ? `${warning.toString()}` : Error.prototype.toString.call(warning);
  if (typeof warning.detail === 'string') text += `\n${warning.detail}`;
  if (!trace && !hinted) {
    text += `\n(Use \`node --trace-${deprecation ? 'deprecation' : 'warnings'} ...\` to show where the warning was created)`;
    hinted = true;
  }
  const file = flags.redirectWarnings ?? process.env.NODE_REDIRECT_WARNINGS;
  if (file) {
    require('fs').appendFile(file, `${text}\n`, (error) => {
      if (error) native.writeError(`${text}\n`);
    });
    return;
  }
  // A program may have put its own function there.
  if (native.writesPlainly()) native.writeError(`${text}\n`);
  else process.stderr.write(`${text}\n`);
}

/** The stack of a rejection that nobody took, for --unhandled-rejections=warn. */
function warnUnhandled(reason, id) {
  const warning = newWarning(
    'Unhandled promise rejection. This error originated either by throwing inside of an async function without a catch block, ' +
    'or by rejecting a promise which was not handled with .catch(). To terminate the node process on unhandled promise rejection, ' +
    'use the CLI flag `--unhandled-rejections=strict` (see https://nodejs.org/api/cli.html#cli_unhandled_rejections_mode). ' +
    `(rejection id: ${id})`, 'UnhandledPromiseRejectionWarning', undefined, warnUnhandled);
  try {
    if (reason instanceof Error) {
      warning.stack = reason.stack;
      emitWarning(reason.stack, 'UnhandledPromiseRejectionWarning');
    } else {
      emitWarning(native.describe(reason), 'UnhandledPromiseRejectionWarning');
    }
  } catch {
    // A stack that throws when it is read says nothing more.
  }
  emitWarning(warning);
}

function warnHandledLate(id) {
  emitWarning(newWarning(`Promise rejection was handled asynchronously (rejection id: ${id})`, 'PromiseRejectionHandledWarning', undefined, warnHandledLate));
}

// ---- signals --------------------------------------------------------------------

function kill(pid, sig) {
  if (pid != (pid | 0)) throw new codes.ERR_INVALID_ARG_TYPE('pid', 'number', pid);
  let error;
  if (sig === (sig | 0)) {
    error = process._kill(pid, sig);
  } else {
    sig = sig || 'SIGTERM';
    const number = typeof sig === 'string' ? native.signals[sig] : undefined;
    if (number === undefined) throw new codes.ERR_UNKNOWN_SIGNAL(typeof sig === 'string' ? sig : inspect(sig));
    error = process._kill(pid, number);
  }
  if (error) throw errnoException(error, 'kill');
  return true;
}

// ---- what the process uses ---------------------------------------------------------

const validCpu = (n) => n <= Number.MAX_SAFE_INTEGER && n >= 0;

function checkCpu(value, name) {
  validateNumber(value, name);
  if (!validCpu(value)) throw new codes.ERR_INVALID_ARG_VALUE.RangeError(name, value);
}

function cpuDifference([user, system], before) {
  if (!before) return { user, system };
  validateObject(before, 'prevValue');
  checkCpu(before.user, 'prevValue.user');
  checkCpu(before.system, 'prevValue.system');
  return { user: user - before.user, system: system - before.system };
}

const cpuUsage = (before) => cpuDifference(native.cpu(), before);
const threadCpuUsage = (before) => cpuDifference(native.threadCpu(), before);

const RESOURCES = [
  'userCPUTime', 'systemCPUTime', 'maxRSS', 'sharedMemorySize', 'unsharedDataSize', 'unsharedStackSize', 'minorPageFault', 'majorPageFault',
  'swappedOut', 'fsRead', 'fsWrite', 'ipcSent', 'ipcReceived', 'signalsCount', 'voluntaryContextSwitches', 'involuntaryContextSwitches',
];

function resourceUsage() {
  const values = native.resources();
  const usage = {};
  RESOURCES.forEach((name, i) => { usage[name] = values[i]; });
  return usage;
}

// ---- users and groups ----------------------------------------------------------------

function checkId(id, name) {
  if (typeof id === 'number') validateUint32(id, name);
  else if (typeof id !== 'string') throw new codes.ERR_INVALID_ARG_TYPE(name, ['number', 'string'], id);
}

// These say what the C library says.
function idException(errno, syscall) {
  const error = errnoException(errno, syscall);
  const [, text] = require('./errors').systemErrorMap().get(errno) ?? [];
  if (text) error.message = `${error.code}, ${text[0].toUpperCase()}${text.slice(1)}`;
  return error;
}

function idSetter(kind) {
  return (id) => {
    checkId(id, 'id');
    const result = native.setId(kind, id);
    if (result === null) throw new codes.ERR_UNKNOWN_CREDENTIAL(kind.endsWith('gid') ? 'Group' : 'User', id);
    if (result !== 0) throw idException(result, `set${kind}`);
  };
}

function setgroups(groups) {
  validateArray(groups, 'groups');
  groups.forEach((group, i) => checkId(group, `groups[${i}]`));
  const result = native.setGroups(groups);
  if (result > 0) throw new codes.ERR_UNKNOWN_CREDENTIAL('Group', groups[result - 1]);
  if (result < 0) throw idException(result, 'setgroups');
}

function initgroups(user, extraGroup) {
  checkId(user, 'user');
  checkId(extraGroup, 'extraGroup');
  const result = native.initGroups(user, extraGroup);
  if (result === 1) throw new codes.ERR_UNKNOWN_CREDENTIAL('User', user);
  if (result === 2) throw new codes.ERR_UNKNOWN_CREDENTIAL('Group', extraGroup);
  if (result < 0) throw idException(result, 'initgroups');
}

function umask(mask) {
  if (mask === undefined) return native.umask();
  return native.umask(parseFileMode(mask, 'mask'));
}

// ---- environment and modules ------------------------------------------------------------

function loadEnvFile(path = undefined) {
  if (path !== undefined && typeof path !== 'string' && !Buffer.isBuffer(path) && !(path instanceof URL)) {
    throw new codes.ERR_INVALID_ARG_TYPE('path', ['string', 'Buffer', 'URL'], path);
  }
  const text = require('fs').readFileSync(path ?? '.env', 'utf8');
  for (const [name, value] of Object.entries(native.parseEnv(text))) {
    // What is set already stays.
    if (process.env[name] === undefined) process.env[name] = value;
  }
}

function getBuiltinModule(id) {
  validateString(id, 'id');
  return native.builtin(id.startsWith('node:') ? id : `node:${id}`);
}

function binding(name) {
  name = String(name);
  throw Object.assign(new Error(`No such module: ${name}`), { code: 'ERR_INVALID_MODULE' });
}

function setSourceMapsEnabled(enabled) {
  validateBoolean(enabled, 'enabled');
  native.setSourceMaps(enabled);
}

function dlopen() {
  if (arguments.length < 2) throw Object.assign(new TypeError('process.dlopen needs at least 2 arguments'), { code: 'ERR_MISSING_ARGS' });
  throw Object.assign(new Error('process.dlopen: native addons are not supported in looplab'), { code: 'ERR_DLOPEN_DISABLED' });
}

function execve(execPath, args = [], env = process.env) {
  emitWarning('process.execve is an experimental feature and might change at any time', 'ExperimentalWarning');
  validateString(execPath, 'execPath');
  validateArray(args, 'args');
  args.forEach((arg, i) => {
    if (typeof arg !== 'string' || arg.includes('\u0000')) throw new codes.ERR_INVALID_ARG_VALUE(`args[${i}]`, arg, 'must be a string without null bytes');
  });
  validateObject(env, 'env');
  const list = [];
  for (const [key, value] of Object.entries(env)) {
    if (typeof value !== 'string' || value.includes('\u0000') || key.includes('\u0000')) {
      throw new codes.ERR_INVALID_ARG_VALUE('env', env, 'must be an object with string keys and values without null bytes');
    }
    list.push(`${key}=${value}`);
  }
  // By now too much is gone for the program to go on.
  const error = errnoException(native.execve(execPath, args, list), 'execve');
  const frames = error.stack.slice(error.stack.indexOf('\n') + 1);
  native.writeError(`process.execve failed with error code ${error.code}\n${frames}\n`);
  process.abort();
}

// ---- the loop ------------------------------------------------------------------------

function getActiveResourcesInfo() {
  return native.activeResources();
}

function ref(maybeRefable) {
  const f = maybeRefable?.[Symbol.for('nodejs.ref')] || maybeRefable?.[Symbol.for('node:ref')] || maybeRefable?.ref;
  if (typeof f === 'function') f.call(maybeRefable);
}

function unref(maybeRefable) {
  const f = maybeRefable?.[Symbol.for('nodejs.unref')] || maybeRefable?.[Symbol.for('node:unref')] || maybeRefable?.unref;
  if (typeof f === 'function') f.call(maybeRefable);
}

function openStdin() {
  process.stdin.resume();
  return process.stdin;
}

function _rawDebug(...args) {
  native.writeError(`${require('./format').format(...args)}\n`);
}

// ---- finalization ------------------------------------------------------------------------

function createFinalization() {
  const refs = { exit: [], beforeExit: [] };
  let registry;
  const warned = new Set();
  const warn = (name) => {
    if (warned.has(name)) return;
    warned.add(name);
    emitWarning(`${name} is an experimental feature and might change at any time`, 'ExperimentalWarning');
  };
  const listeners = { exit: () => run('exit', 'exit'), beforeExit: () => run('beforeExit', 'beforeExit') };
  function run(list, event) {
    for (const entry of refs[list]) {
      const object = entry.weak.deref();
      if (object !== undefined) entry.fn(object, event);
    }
    refs[list] = [];
  }
  const forget = (entry) => {
    for (const event of ['exit', 'beforeExit']) {
      const had = refs[event].length > 0;
      refs[event] = refs[event].filter((other) => other !== entry && other.weak.deref() !== undefined);
      if (had && refs[event].length === 0) process.removeListener(event, listeners[event]);
    }
  };
  const add = (event, object, fn) => {
    validateObject(object, 'obj', 4);
    if (refs[event].length === 0) process.on(event, listeners[event]);
    registry ??= new FinalizationRegistry(forget);
    const entry = { weak: new WeakRef(object), fn };
    refs[event].push(entry);
    registry.register(object, entry, entry);
  };
  return {
    register(object, fn) {
      warn('process.finalization.register');
      add('exit', object, fn);
    },
    registerBeforeExit(object, fn) {
      warn('process.finalization.registerBeforeExit');
      add('beforeExit', object, fn);
    },
    unregister(object) {
      warn('process.finalization.unregister');
      for (const event of ['exit', 'beforeExit']) {
        for (const entry of refs[event]) {
          if (entry.weak.deref() !== object) continue;
          registry.unregister(entry);
          forget(entry);
        }
      }
    },
  };
}

// ---- flags -------------------------------------------------------------------------------

class NodeEnvironmentFlagsSet extends Set {
  constructor(names) {
    super();
    for (const name of names) super.add(name);
    Object.freeze(this);
  }

  add() { return this; }
  delete() { return false; }
  clear() {}

  has(name) {
    if (typeof name !== 'string') return false;
    // Without dashes, with underscores, with a value: all mean the same flag.
    const plain = name.replace(/=.*$/s, '').replaceAll('_', '-');
    return super.has(plain) || super.has(`--${plain.replace(/^-+/, '')}`) || (/^[^-]/.test(plain) && super.has(`-${plain}`));
  }
}

const createFlags = () => new NodeEnvironmentFlagsSet(native.environmentFlags());

module.exports = {
  emitWarning, onWarning, warnUnhandled, warnHandledLate, kill, cpuUsage, threadCpuUsage, resourceUsage, setgroups, initgroups, umask, loadEnvFile,
  setuid: idSetter('uid'), seteuid: idSetter('euid'), setgid: idSetter('gid'), setegid: idSetter('egid'),
  getBuiltinModule, binding, _linkedBinding: binding, setSourceMapsEnabled, dlopen, execve, getActiveResourcesInfo, ref, unref, openStdin, _rawDebug,
  _getActiveHandles: () => [], _getActiveRequests: () => [], _debugProcess() {}, _debugEnd() {}, _startProfilerIdleNotifier() {},
  _stopProfilerIdleNotifier() {},
  get finalization() { return createFinalization(); },
  get allowedNodeEnvironmentFlags() { return createFlags(); },
  get report() { return require('./process_report'); },
};
