// node:child_process: programs of one's own to start, wait for and talk with.
const { codes, AbortError } = require('./errors');
const { validateAbortSignal, validateArray, validateBoolean, validateFunction, validateObject, validateString } = require('./validators');
const { getSystemErrorName, promisify } = require('util');
const { toPath } = require('./fs_native');
const native = require('./child_native');
const { ChildProcess, errnoException, joinChannel, signalNumber, validStdio } = require('./child_process_core');

const MAX_BUFFER = 1024 * 1024;

// ---- arguments ----

function noNullBytes(text, name) {
  if (typeof text === 'string' && text.includes('\0')) throw new codes.ERR_INVALID_ARG_VALUE(name, text, 'must be a string without null bytes');
}

function checkedTimeout(timeout) {
  if (timeout != null && !(Number.isInteger(timeout) && timeout >= 0)) throw new codes.ERR_OUT_OF_RANGE('timeout', 'an unsigned integer', timeout);
}

function checkedMaxBuffer(maxBuffer) {
  if (maxBuffer != null && !(typeof maxBuffer === 'number' && maxBuffer >= 0)) throw new codes.ERR_OUT_OF_RANGE('options.maxBuffer', 'a positive number', maxBuffer);
}

function checkedKillSignal(signal) {
  if (typeof signal === 'string' || typeof signal === 'number') return signalNumber(signal);
  if (signal != null) throw new codes.ERR_INVALID_ARG_TYPE('options.killSignal', ['string', 'number'], signal);
  return undefined;
}

const isInt32 = (value) => value === (value | 0);

let warnedOfShell = false;

function spawnArguments(file, args, options) {
  validateString(file, 'file');
  noNullBytes(file, 'file');
  if (file.length === 0) throw new codes.ERR_INVALID_ARG_VALUE('file', file, 'cannot be empty');
  if (Array.isArray(args)) {
    args = [...args];
  } else if (args == null) {
    args = [];
  } else if (typeof args !== 'object') {
    throw new codes.ERR_INVALID_ARG_TYPE('args', 'object', args);
  } else {
    options = args;
    args = [];
  }
  args = args.map((arg, i) => {
    const text = typeof arg === 'string' ? arg : `${arg}`;
    noNullBytes(text, `args[${i}]`);
    return text;
  });
  if (options === undefined) options = {};
  else validateObject(options, 'options');
  options = { __proto__: null, ...options };
  const cwd = options.cwd == null ? undefined : toPath(options.cwd, 'options.cwd');
  if (options.detached != null) validateBoolean(options.detached, 'options.detached');
  if (options.uid != null && !isInt32(options.uid)) throw new codes.ERR_INVALID_ARG_TYPE('options.uid', 'int32', options.uid);
  if (options.gid != null && !isInt32(options.gid)) throw new codes.ERR_INVALID_ARG_TYPE('options.gid', 'int32', options.gid);
  if (options.shell != null && typeof options.shell !== 'boolean' && typeof options.shell !== 'string') {
    throw new codes.ERR_INVALID_ARG_TYPE('options.shell', ['Boolean', 'string'], options.shell);
  }
  if (options.argv0 != null) {
    validateString(options.argv0, 'options.argv0');
    noNullBytes(options.argv0, 'options.argv0');
  }
  if (options.windowsHide != null) validateBoolean(options.windowsHide, 'options.windowsHide');
  if (options.windowsVerbatimArguments != null) validateBoolean(options.windowsVerbatimArguments, 'options.windowsVerbatimArguments');
  if (options.shell) {
    noNullBytes(options.shell, 'options.shell');
    if (args.length > 0 && !warnedOfShell) {
      warnedOfShell = true;
      process.emitWarning('Passing args to a child process with shell option true can lead to security vulnerabilities, as the arguments are not escaped, only concatenated.', 'DeprecationWarning', 'DEP0190');
    }
    const command = [file, ...args].join(' ');
    file = typeof options.shell === 'string' ? options.shell : '/bin/sh';
    args = ['-c', command];
  }
  args.unshift(typeof options.argv0 === 'string' ? options.argv0 : file);
  const env = options.env || process.env;
  const envPairs = [];
  for (const key in env) {
    const value = env[key];
    if (value === undefined) continue;
    noNullBytes(key, `options.env['${key}']`);
    noNullBytes(`${value}`, `options.env['${key}']`);
    envPairs.push(`${key}=${value}`);
  }
  return { __proto__: null, ...options, args, cwd, detached: Boolean(options.detached), envPairs, file };
}

// ---- spawn ----

function abortChild(child, signal, reason) {
  if (!child) return;
  try {
    if (child.kill(signal)) child.emit('error', new AbortError(undefined, { cause: reason }));
  } catch (error) {
    child.emit('error', error);
  }
}

function spawn(file, args, options) {
  options = spawnArguments(file, args, options);
  checkedTimeout(options.timeout);
  validateAbortSignal(options.signal, 'options.signal');
  const killSignal = checkedKillSignal(options.killSignal);
  const child = new ChildProcess();
  child.spawn(options);
  if (options.timeout > 0) {
    const timer = setTimeout(() => {
      try {
        child.kill(killSignal);
      } catch (error) {
        child.emit('error', error);
      }
    }, options.timeout);
    child.once('exit', () => clearTimeout(timer));
  }
  const { signal } = options;
  if (signal) {
    const onAbort = () => abortChild(child, killSignal, signal.reason);
    if (signal.aborted) {
      process.nextTick(onAbort);
    } else {
      signal.addEventListener('abort', onAbort, { once: true });
      child.once('exit', () => signal.removeEventListener('abort', onAbort));
    }
  }
  return child;
}

// ---- exec and execFile ----

function execArguments(command, options, callback) {
  validateString(command, 'command');
  noNullBytes(command, 'command');
  if (typeof options === 'function') {
    callback = options;
    options = undefined;
  }
  options = { __proto__: null, ...options };
  options.shell = typeof options.shell === 'string' ? options.shell : true;
  return { file: command, options, callback };
}

function exec(command, options, callback) {
  const given = execArguments(command, options, callback);
  return execFile(given.file, given.options, given.callback);
}

function execFileArguments(file, args, options, callback) {
  if (Array.isArray(args)) {
    args = [...args];
  } else if (args != null && typeof args === 'object') {
    callback = options;
    options = args;
    args = null;
  } else if (typeof args === 'function') {
    callback = args;
    options = null;
    args = null;
  }
  args ??= [];
  if (typeof options === 'function') callback = options;
  else if (options != null) validateObject(options, 'options');
  options = typeof options === 'function' || options == null ? { __proto__: null } : options;
  if (callback != null) validateFunction(callback, 'callback');
  if (options.argv0 != null) {
    validateString(options.argv0, 'options.argv0');
    noNullBytes(options.argv0, 'options.argv0');
  }
  return { file, args, options, callback };
}

/** Gathers what a stream gives, up to `most` bytes. */
class Output {
  #parts = [];
  #length = 0;

  constructor(stream, encoding, most, onTooMuch) {
    this.encoding = encoding;
    this.stream = stream;
    if (!stream) return;
    if (encoding) stream.setEncoding(encoding);
    stream.on('data', (chunk) => {
      const length = typeof chunk === 'string' ? Buffer.byteLength(chunk, stream.readableEncoding) : chunk.length;
      this.#length += length;
      if (this.#length > most) {
        this.#parts.push(chunk.slice(0, most - (this.#length - length)));
        onTooMuch();
      } else {
        this.#parts.push(chunk);
      }
    });
  }

  get value() {
    // The program may have said itself how it wants its text.
    const text = this.stream ? this.stream.readableEncoding : this.encoding;
    return text ? this.#parts.join('') : Buffer.concat(this.#parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  }
}

function execFile(file, args, options, callback) {
  ({ file, args, options, callback } = execFileArguments(file, args, options, callback));
  options = { __proto__: null, encoding: 'utf8', timeout: 0, maxBuffer: MAX_BUFFER, killSignal: 'SIGTERM', cwd: null, env: null, shell: false, ...options };
  checkedTimeout(options.timeout);
  checkedMaxBuffer(options.maxBuffer);
  options.killSignal = checkedKillSignal(options.killSignal);
  const { cwd, env, gid, shell, signal, uid } = options;
  const child = spawn(file, args, {
    __proto__: null, cwd, env, gid, shell, signal, uid, argv0: options.argv0, windowsHide: Boolean(options.windowsHide),
    windowsVerbatimArguments: Boolean(options.windowsVerbatimArguments),
  });
  const encoding = options.encoding !== 'buffer' && Buffer.isEncoding(options.encoding) ? options.encoding : null;
  let killed = false;
  let done = false;
  let timer = null;
  let failure = null;
  let command = file;

  const kill = () => {
    child.stdout?.destroy();
    child.stderr?.destroy();
    killed = true;
    try {
      child.kill(options.killSignal);
    } catch (error) {
      failure ??= error;
      finish();
    }
  };
  const tooMuch = (name) => () => {
    failure ??= new codes.ERR_CHILD_PROCESS_STDIO_MAXBUFFER(name);
    kill();
  };
  const stdout = new Output(child.stdout, encoding, options.maxBuffer, tooMuch('stdout'));
  const stderr = new Output(child.stderr, encoding, options.maxBuffer, tooMuch('stderr'));

  function finish(code, ended) {
    if (done) return;
    done = true;
    clearTimeout(timer);
    if (!callback) return;
    const [out, err] = [stdout.value, stderr.value];
    if (!failure && code === 0 && ended === null) {
      callback(null, out, err);
      return;
    }
    if (args?.length) command += ` ${args.join(' ')}`;
    if (!failure) {
      failure = new Error(`Command failed: ${command}\n${err}`);
      failure.code = code < 0 ? getSystemErrorName(code) : code;
      failure.killed = child.killed || killed;
      failure.signal = ended;
    }
    failure.cmd = command;
    callback(failure, out, err);
  }

  if (options.timeout > 0) {
    timer = setTimeout(() => {
      timer = null;
      kill();
    }, options.timeout);
  }
  child.on('close', finish);
  child.on('error', (error) => {
    failure = error;
    child.stdout?.destroy();
    child.stderr?.destroy();
    finish();
  });
  return child;
}

function promised(run) {
  return (...args) => {
    const { promise, resolve, reject } = Promise.withResolvers();
    promise.child = run(...args, (error, stdout, stderr) => {
      if (error !== null) {
        error.stdout = stdout;
        error.stderr = stderr;
        reject(error);
      } else {
        resolve({ stdout, stderr });
      }
    });
    return promise;
  };
}

for (const f of [exec, execFile]) {
  Object.defineProperty(f, promisify.custom, { __proto__: null, enumerable: false, value: promised(f) });
}

// ---- the synchronous forms ----

function syncInput(input, encoding, i) {
  if (input == null) return null;
  if (ArrayBuffer.isView(input)) return Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  if (typeof input === 'string') return Buffer.from(input, encoding === 'buffer' ? undefined : encoding);
  throw new codes.ERR_INVALID_ARG_TYPE(`options.stdio[${i}]`, ['Buffer', 'TypedArray', 'DataView', 'string'], input);
}

function spawnSync(file, args, options) {
  options = { __proto__: null, maxBuffer: MAX_BUFFER, ...spawnArguments(file, args, options) };
  checkedTimeout(options.timeout);
  checkedMaxBuffer(options.maxBuffer);
  options.killSignal = checkedKillSignal(options.killSignal);
  const { stdio } = validStdio(options.stdio || 'pipe', true);
  if (options.input) stdio[0] = { type: 'pipe', input: options.input };
  const ends = stdio.map(({ type, fd, input }, i) => (type === 'fd' ? fd : type === 'pipe' ? syncInput(input, options.encoding, i) : type));
  const { timeout, maxBuffer, killSignal } = options;
  const spec = { __proto__: null, file: options.file, args: options.args, envPairs: options.envPairs, cwd: options.cwd, uid: options.uid, gid: options.gid, detached: options.detached };
  const ran = native.spawnSync(spec, ends, { timeout, maxBuffer, killSignal });
  const failed = typeof ran === 'number';
  const errno = failed ? ran : ran.error;
  const result = {};
  if (errno < 0) {
    result.error = errnoException(errno, `spawnSync ${options.file}`);
    result.error.path = options.file;
    result.error.spawnargs = options.args.slice(1);
  }
  let output = failed ? null : ran.output;
  if (output && options.encoding && options.encoding !== 'buffer') output = output.map((bytes) => bytes && bytes.toString(options.encoding));
  result.status = failed ? null : ran.status;
  result.signal = failed || ran.signal === null ? null : Object.entries(binding.signalNumbers()).find(([, number]) => number === ran.signal)?.[0] ?? null;
  result.output = output;
  result.pid = failed ? 0 : ran.pid;
  result.stdout = output?.[1];
  result.stderr = output?.[2];
  return result;
}

function syncFailure(result, words) {
  if (result.error) return Object.assign(result.error, result);
  if (result.status === 0) return undefined;
  let message = `Command failed: ${words}`;
  if (result.stderr && result.stderr.length > 0) message += `\n${result.stderr}`;
  return Object.assign(new Error(message), result);
}

function checkedOutput(result, words, inheritsStderr) {
  if (inheritsStderr && result.stderr) process.stderr.write(result.stderr);
  const failure = syncFailure(result, words);
  if (failure) throw failure;
  return result.stdout;
}

function execFileSync(file, args, options) {
  ({ file, args, options } = execFileArguments(file, args, options));
  const result = spawnSync(file, args, options);
  return checkedOutput(result, [options.argv0 ?? file, ...args].join(' '), !options.stdio);
}

function execSync(command, options) {
  const given = execArguments(command, options, null);
  const result = spawnSync(given.file, given.options);
  return checkedOutput(result, command, !given.options.stdio);
}

// ---- fork ----

function fork(modulePath, args, options) {
  modulePath = toPath(modulePath, 'modulePath');
  if (args == null) {
    args = [];
  } else if (typeof args === 'object' && !Array.isArray(args)) {
    options = args;
    args = [];
  } else {
    validateArray(args, 'args');
  }
  if (options != null) validateObject(options, 'options');
  options = { __proto__: null, ...options, shell: false };
  options.execPath ||= process.execPath;
  noNullBytes(options.execPath, 'options.execPath');
  const execArgv = options.execArgv || process.execArgv;
  validateArray(execArgv, 'options.execArgv');
  args = [...execArgv, modulePath, ...args];
  if (typeof options.stdio === 'string') {
    const { stdio } = options;
    if (!['ignore', 'pipe', 'overlapped', 'inherit'].includes(stdio)) throw new codes.ERR_INVALID_ARG_VALUE('stdio', stdio);
    options.stdio = [stdio, stdio, stdio, 'ipc'];
  } else if (!Array.isArray(options.stdio)) {
    options.stdio = options.silent ? ['pipe', 'pipe', 'pipe', 'ipc'] : [0, 1, 2, 'ipc'];
  } else if (!options.stdio.includes('ipc')) {
    throw new codes.ERR_CHILD_PROCESS_IPC_REQUIRED('options.stdio');
  }
  return spawn(options.execPath, args, options);
}

module.exports = { _forkChild: joinChannel, ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
