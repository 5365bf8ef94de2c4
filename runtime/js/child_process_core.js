// ChildProcess: a child that runs, its pipes as streams, and the channel between a parent and the child it forked.
const EventEmitter = require('events');
const { codes } = require('./errors');
const { validateArray, validateObject, validateOneOf, validateString } = require('./validators');
const { getSystemErrorName } = require('util');
const native = require('./child_native');

const signalNumbers = binding.signalNumbers();
const signalNames = Object.fromEntries(Object.entries(signalNumbers).map(([name, number]) => [number, name]));

const EINVAL = -22;
const ESRCH = -3;
const ENOSYS = -38;
const EMFILE = -24;
const ENFILE = -23;
// Reasons for not being started that are told by an event: the caller may not be able to know of them.
const LATER = new Set([-13, -11, EMFILE, ENFILE, -2]);

/** The error of a failed system call, without the text of the error number. */
function errnoException(errno, syscall) {
  const code = getSystemErrorName(errno);
  const error = new Error(`${syscall} ${code}`);
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  return error;
}

/** The number of a signal given by name or number. */
function signalNumber(signal) {
  if (typeof signal === 'number' && signalNames[signal]) return signal;
  if (typeof signal === 'string' && signalNumbers[signal.toUpperCase()]) return signalNumbers[signal.toUpperCase()];
  throw new codes.ERR_UNKNOWN_SIGNAL(signal);
}

// ---- pipes as streams ----

/** What a pipe's stream has as `_handle`. */
class Pipe {
  #onStop;

  constructor(id, onStop) {
    Object.defineProperty(this, 'id', { __proto__: null, value: id, enumerable: false });
    this.#onStop = onStop;
  }

  get fd() {
    return native.pipeDescriptor(this.id);
  }

  readStop() {
    native.pipeReadStop(this.id);
    this.#onStop();
  }

  ref() {
    native.pipeRef(this.id, true);
  }

  unref() {
    native.pipeRef(this.id, false);
  }

  hasRef() {
    return native.pipeHasRef(this.id);
  }

  close(callback) {
    native.pipeClose(this.id, callback);
  }
}

let PipeSocket;

function pipeSocketClass() {
  if (PipeSocket) return PipeSocket;
  const { Duplex } = require('stream');
  PipeSocket = class Socket extends Duplex {
    _handle;
    bytesRead = 0;
    bytesWritten = 0;
    connecting = false;
    #reading = false;

    constructor(id, { readable, writable }) {
      super({ readable, writable, allowHalfOpen: false, emitClose: false, autoDestroy: true, highWaterMark: 65536, decodeStrings: true });
      this._handle = id < 0 ? null : new Pipe(id, () => { this.#reading = false; });
    }

    _read() {
      if (this.#reading || !this._handle) return;
      this.#reading = true;
      native.pipeReadStart(this._handle.id, (bytes, errno) => this.#onRead(bytes, errno));
    }

    #onRead(bytes, errno) {
      if (bytes !== null) {
        this.bytesRead += bytes.length;
        if (!this.push(bytes) && this._handle) {
          this.#reading = false;
          native.pipeReadStop(this._handle.id);
        }
      } else if (errno !== 0) {
        this.destroy(errnoException(-errno, 'read'));
      } else {
        this.push(null);
        this.read(0);
      }
    }

    _write(chunk, encoding, callback) {
      if (!this._handle) {
        callback(new codes.ERR_SOCKET_CLOSED());
        return;
      }
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      const told = (errno) => callback(errno === 0 ? null : errnoException(-Math.abs(errno), 'write'));
      const result = native.pipeWrite(this._handle.id, bytes, told);
      this.bytesWritten += bytes.length;
      if (result === 0) callback();
      else if (result < 0) told(result);
    }

    _final(callback) {
      if (!this._handle) {
        callback();
        return;
      }
      // ENOTCONN: the peer has gone, which is what we wanted to tell it.
      native.pipeShutdown(this._handle.id, (errno) => callback(errno === 0 || errno === 107 ? null : errnoException(-errno, 'shutdown')));
    }

    _destroy(error, callback) {
      const handle = this._handle;
      this._handle = null;
      if (handle) native.pipeClose(handle.id, () => this.emit('close', error !== null && error !== undefined));
      else process.nextTick(() => this.emit('close', false));
      callback(error);
    }

    destroySoon() {
      if (this.writable) this.end();
      if (this.writableFinished) this.destroy();
      else this.once('finish', this.destroy);
    }

    get pending() {
      return !this._handle;
    }

    ref() {
      if (this._handle) native.pipeRef(this._handle.id, true);
      return this;
    }

    unref() {
      if (this._handle) native.pipeRef(this._handle.id, false);
      return this;
    }
  };
  return PipeSocket;
}

// ---- what a child gets as its descriptors ----

/** The descriptor of a stream that a child can be given: its own number, or that of the pipe behind it. */
function descriptorOf(item) {
  if (typeof item.fd === 'number' && item.fd >= 0) return item.fd;
  if (typeof item._handle?.fd === 'number' && item._handle.fd >= 0) return item._handle.fd;
  return undefined;
}

/** A list of `{ type: 'ignore' | 'pipe' | 'fd', fd, ipc, input }`. */
function validStdio(stdio, sync) {
  if (typeof stdio === 'string') {
    if (stdio === 'inherit') stdio = [0, 1, 2];
    else if (stdio === 'ignore' || stdio === 'pipe' || stdio === 'overlapped') stdio = [stdio, stdio, stdio];
    else throw new codes.ERR_INVALID_ARG_VALUE('stdio', stdio);
  } else if (!Array.isArray(stdio)) {
    throw new codes.ERR_INVALID_ARG_VALUE('stdio', stdio);
  }
  const list = [...stdio];
  while (list.length < 3) list.push(undefined);
  let ipcFd;
  const out = list.map((item, i) => {
    if (item === null || item === undefined) return { type: i < 3 ? 'pipe' : 'ignore' };
    if (item === 'ignore') return { type: 'ignore' };
    if (item === 'pipe' || item === 'overlapped' || (typeof item === 'number' && item < 0)) return { type: 'pipe' };
    if (item === 'ipc') {
      if (sync) throw new codes.ERR_IPC_SYNC_FORK();
      if (ipcFd !== undefined) throw new codes.ERR_IPC_ONE_PIPE();
      ipcFd = i;
      return { type: 'pipe', ipc: true };
    }
    if (item === 'inherit') return { type: 'fd', fd: i };
    if (typeof item === 'number') return { type: 'fd', fd: item };
    const fd = descriptorOf(item);
    if (fd !== undefined) return { type: 'fd', fd, stream: item };
    if (sync && (ArrayBuffer.isView(item) || typeof item === 'string')) return { type: 'pipe', input: item };
    throw new codes.ERR_INVALID_ARG_VALUE('stdio', item);
  });
  return { stdio: out, ipcFd };
}

// ---- ChildProcess ----

function ChildProcess() {
  if (!new.target) return new ChildProcess();
  EventEmitter.call(this);
  this._closesNeeded = 1;
  this._closesGot = 0;
  this.connected = false;
  this.signalCode = null;
  this.exitCode = null;
  this.killed = false;
  this.spawnfile = null;
  this._handle = {};
}
Object.setPrototypeOf(ChildProcess.prototype, EventEmitter.prototype);
Object.setPrototypeOf(ChildProcess, EventEmitter);

function maybeClose(child) {
  child._closesGot++;
  if (child._closesGot === child._closesNeeded) child.emit('close', child.exitCode, child.signalCode);
}

function handOver(stream) {
  if (typeof stream._handle?.readStop !== 'function') return;
  stream._handle.readStop();
  stream.pause();
  stream._isUsedAsStdio = true;
}

// Output that nobody reads must not keep the pipes open.
function flushStdio(child) {
  for (const stream of child.stdio ?? []) {
    if (stream?.readable && !stream._isUsedAsStdio) stream.resume();
  }
}

function onExit(child, code, signal) {
  if (signal !== 0) child.signalCode = signalNames[signal] ?? null;
  else child.exitCode = code;
  child.stdin?.destroy();
  child._handle = null;
  if (signal === 0 && code < 0) {
    const error = errnoException(code, child.spawnfile ? `spawn ${child.spawnfile}` : 'spawn');
    if (child.spawnfile) error.path = child.spawnfile;
    error.spawnargs = child.spawnargs.slice(1);
    child.emit('error', error);
  } else {
    child.emit('exit', child.exitCode, child.signalCode);
  }
  process.nextTick(flushStdio, child);
  maybeClose(child);
}

ChildProcess.prototype.spawn = function spawn(options) {
  validateObject(options, 'options');
  const { stdio, ipcFd } = validStdio(options.stdio || 'pipe', false);
  const { serialization } = options;
  validateOneOf(serialization, 'options.serialization', [undefined, 'json', 'advanced']);
  let envPairs = options.envPairs;
  if (envPairs === undefined) envPairs = [];
  else validateArray(envPairs, 'options.envPairs');
  if (ipcFd !== undefined) envPairs = [...envPairs, `NODE_CHANNEL_FD=${ipcFd}`, `NODE_CHANNEL_SERIALIZATION_MODE=${serialization ?? 'json'}`];
  validateString(options.file, 'options.file');
  this.spawnfile = options.file;
  if (options.args === undefined) this.spawnargs = [];
  else validateArray(options.args, 'options.args');
  this.spawnargs = options.args ?? [];

  const spec = { __proto__: null, file: options.file, args: this.spawnargs, envPairs, cwd: options.cwd, uid: options.uid, gid: options.gid, detached: Boolean(options.detached) };
  const ends = stdio.map(({ type, fd }) => (type === 'fd' ? fd : type));
  const result = native.spawn(spec, ends, (code, signal) => onExit(this, code, signal));
  if (typeof result === 'number') {
    if (!LATER.has(result)) throw errnoException(result, 'spawn');
    process.nextTick(onExit, this, result, 0);
    if (result === EMFILE || result === ENFILE) return result;
  } else {
    this._handle = { id: result.id };
    process.nextTick(() => this.emit('spawn'));
  }
  this.pid = result.pid;
  const pipes = result.pipes ?? [];
  this.stdio = stdio.map(({ type, ipc, stream: given }, i) => {
    // The child reads or writes it now: what comes by way of us would be missing there.
    if (given) handOver(given);
    if (type !== 'pipe' || ipc) return null;
    const Socket = pipeSocketClass();
    const stream = new Socket(pipes[i] ?? -1, { readable: i > 0, writable: i === 0 || i > 2 });
    if (pipes[i] === undefined) {
      // Nothing was started: there is nobody at the other end.
      if (i > 0) stream.push(null);
    }
    if (i > 0) {
      this._closesNeeded++;
      stream.on('close', () => maybeClose(this));
    }
    return stream;
  });
  [this.stdin, this.stdout, this.stderr] = this.stdio;
  if (ipcFd !== undefined && pipes[ipcFd] !== undefined) setupChannel(this, pipes[ipcFd], serialization);
  return typeof result === 'number' ? result : 0;
};

ChildProcess.prototype.kill = function kill(signal) {
  const number = signal === 0 ? 0 : signalNumber(signal === undefined ? 'SIGTERM' : signal);
  if (this._handle?.id !== undefined) {
    const result = native.childKill(this._handle.id, number);
    if (result === 0) {
      if (number !== 0) this.killed = true;
      return true;
    }
    if (result === EINVAL || result === ENOSYS) throw errnoException(result, 'kill');
    if (result !== ESRCH) this.emit('error', errnoException(result, 'kill'));
  }
  return false;
};

ChildProcess.prototype[Symbol.dispose] = function() {
  if (!this.killed) this.kill();
};

ChildProcess.prototype.ref = function ref() {
  if (this._handle?.id !== undefined) native.childRef(this._handle.id, true);
};

ChildProcess.prototype.unref = function unref() {
  if (this._handle?.id !== undefined) native.childRef(this._handle.id, false);
};

// ---- the channel ----

class Channel extends EventEmitter {
  constructor(id) {
    super();
    Object.defineProperty(this, '_id', { __proto__: null, value: id, writable: true, enumerable: false });
    this.pendingMessages = [];
  }

  get fd() {
    return this._id;
  }

  ref() {
    if (this._id !== null) native.pipeRef(this._id, true);
  }

  unref() {
    if (this._id !== null) native.pipeRef(this._id, false);
  }

  refCounted() {
    this.ref();
  }

  unrefCounted() {
    this.unref();
  }

  close() {
    if (this._id === null) return;
    const id = this._id;
    this._id = null;
    native.pipeClose(id, undefined);
  }
}

const MESSAGE_TYPES = new Set(['string', 'object', 'number', 'boolean']);

function setupChannel(target, id, serialization) {
  const channel = new Channel(id);
  const wire = require('./child_process_wire').createWire(serialization);
  let writing = 0;
  let closing = false;
  target.channel = channel;
  Object.defineProperty(target, '_channel', { __proto__: null, configurable: true, enumerable: false, get: () => target.channel, set(v) { target.channel = v; } });
  target.connected = true;

  const deliver = (message) => {
    const internal = message !== null && typeof message === 'object' && typeof message.cmd === 'string' && message.cmd.startsWith('NODE_');
    const event = internal ? 'internalMessage' : 'message';
    process.nextTick(() => {
      // A child that has not yet said what to do with messages gets them once it has.
      if (!internal && target === process && target.listenerCount('message') === 0) channel.pendingMessages.push(message);
      else target.emit(event, message, undefined);
    });
  };

  native.pipeReadStart(id, (bytes) => {
    if (bytes === null) {
      end();
      return;
    }
    for (const message of wire.read(bytes)) deliver(message);
  });

  if (target === process) {
    // Only somebody who listens is a reason to stay.
    channel.unref();
    target.on('newListener', (name) => {
      if (name !== 'message' && name !== 'disconnect') return;
      channel.ref();
      if (name === 'message' && channel.pendingMessages.length > 0) {
        const messages = channel.pendingMessages.splice(0);
        process.nextTick(() => messages.forEach((message) => target.emit('message', message, undefined)));
      }
    });
    target.on('removeListener', (name) => {
      if ((name === 'message' || name === 'disconnect') && target.listenerCount('message') + target.listenerCount('disconnect') === 0) channel.unref();
    });
  }

  function end() {
    if (!target.channel) return;
    target.channel = null;
    const wasConnected = target.connected;
    target.connected = false;
    channel.close();
    if (wasConnected || closing) process.nextTick(() => target.emit('disconnect'));
  }

  const fail = (error, callback) => {
    if (typeof callback === 'function') process.nextTick(callback, error);
    else process.nextTick(() => target.emit('error', error));
    return false;
  };

  target.send = function send(message, handle, options, callback) {
    if (typeof handle === 'function') {
      callback = handle;
      handle = undefined;
      options = undefined;
    } else if (typeof options === 'function') {
      callback = options;
      options = undefined;
    } else if (options !== undefined) {
      validateObject(options, 'options');
    }
    if (!this.connected) return fail(new codes.ERR_IPC_CHANNEL_CLOSED(), callback);
    if (message === undefined) throw new codes.ERR_MISSING_ARGS('message');
    if (!MESSAGE_TYPES.has(typeof message)) throw new codes.ERR_INVALID_ARG_TYPE('message', ['string', 'object', 'number', 'boolean'], message);
    if (handle !== undefined && handle !== null) throw new codes.ERR_INVALID_HANDLE_TYPE();
    return target._send(message, undefined, options, callback);
  };

  target._send = function _send(message, handle, options, callback) {
    const line = wire.write(message);
    writing++;
    const written = (errno) => {
      writing--;
      if (errno !== 0 && target.connected) fail(errnoException(-Math.abs(errno), 'write'), callback);
      else if (typeof callback === 'function') process.nextTick(callback, errno === 0 ? null : errnoException(-Math.abs(errno), 'write'));
      if (closing && writing === 0) end();
    };
    if (channel._id === null) return fail(new codes.ERR_IPC_CHANNEL_CLOSED(), callback);
    const result = native.pipeWrite(channel._id, line, written);
    if (result !== 1) written(result);
    return writing < 128;
  };

  target.disconnect = function disconnect() {
    if (!this.connected) {
      this.emit('error', new codes.ERR_IPC_DISCONNECTED());
      return;
    }
    this._disconnect();
  };

  target._disconnect = function _disconnect() {
    target.connected = false;
    closing = true;
    if (writing === 0) end();
  };

  return channel;
}

/** This process was forked: its end of the channel is descriptor `fd`. */
function joinChannel(fd, serialization) {
  const id = native.openDescriptor(fd);
  if (id < 0) throw errnoException(id, 'channel');
  setupChannel(process, id, serialization);
}

module.exports = { ChildProcess, errnoException, joinChannel, signalNumber, validStdio };
