// fs.ReadStream and fs.WriteStream: files as streams, read and written by the thread pool.

const fs = require('fs');
const native = require('/fs_stream_native');
const { Readable, Writable, finished } = require('stream');
const { errorOrDestroy } = require('/stream_native');
const { codes } = require('./errors');
const { validateBoolean, validateFunction, validateInteger } = require('./validators');

const kFs = Symbol('kFs');
const kHandle = Symbol('kHandle');
const kBusy = Symbol('kIsPerformingIO');
const kIdle = Symbol('kIoDone');

const ownRead = fs.read;
const ownWrite = fs.write;
const ownWritev = fs.writev;

/** The options of a stream: an object, an encoding, or nothing. */
function readOptions(options) {
  if (options == null || typeof options === 'function') return {};
  if (typeof options === 'string') {
    if (options !== 'buffer' && !Buffer.isEncoding(options)) {
      throw new codes.ERR_INVALID_ARG_VALUE('encoding', options, 'is invalid encoding');
    }
    return { encoding: options };
  }
  if (typeof options !== 'object') throw new codes.ERR_INVALID_ARG_TYPE('options', ['string', 'Object'], options);
  const { encoding } = options;
  if (encoding && encoding !== 'buffer' && !Buffer.isEncoding(encoding)) {
    throw new codes.ERR_INVALID_ARG_VALUE('encoding', encoding, 'is invalid encoding');
  }
  if (options.signal !== undefined && (typeof options.signal !== 'object' || options.signal === null || !('aborted' in options.signal))) {
    throw new codes.ERR_INVALID_ARG_TYPE('options.signal', 'AbortSignal', options.signal);
  }
  // All of them, inherited ones too.
  const copy = {};
  for (const key in options) copy[key] = options[key];
  return copy;
}

function validPath(path) {
  if (typeof URL === 'function' && path instanceof URL) {
    return require('url').fileURLToPath(path);
  }
  if (typeof path !== 'string' && !(path instanceof Uint8Array)) {
    throw new codes.ERR_INVALID_ARG_TYPE('path', ['string', 'Buffer', 'URL'], path);
  }
  const bad = typeof path === 'string' ? path.includes('\0') : path.includes(0);
  if (bad) throw new codes.ERR_INVALID_ARG_VALUE('path', path, 'must be a string, Uint8Array, or URL without null bytes');
  return path;
}

function validFd(fd) {
  if (Object.is(fd, -0)) return 0;
  if (typeof fd !== 'number') throw new codes.ERR_INVALID_ARG_TYPE('fd', 'number', fd);
  validateInteger(fd, 'fd', 0, 2147483647);
  return fd;
}

// The operations on a FileHandle, in the form of fs's.
function handleOperations(handle) {
  const settle = (promise, good, bad) => promise.then(good, bad);
  return {
    open() {
      throw new codes.ERR_METHOD_NOT_IMPLEMENTED('open()');
    },
    close(fd, callback) {
      settle(handle.close(), () => callback(), callback);
    },
    fsync(fd, callback) {
      settle(handle.sync(), () => callback(), callback);
    },
    read(fd, buffer, offset, length, position, callback) {
      settle(handle.read(buffer, offset, length, position), (r) => callback(null, r.bytesRead, r.buffer), (e) => callback(e, 0, buffer));
    },
    write(fd, buffer, offset, length, position, callback) {
      settle(handle.write(buffer, offset, length, position), (r) => callback(null, r.bytesWritten, r.buffer), (e) => callback(e, 0, buffer));
    },
    writev(fd, buffers, position, callback) {
      settle(handle.writev(buffers, position), (r) => callback(null, r.bytesWritten, r.buffers), (e) => callback(e, 0, buffers));
    },
  };
}

/** Takes `path` or `options.fd`: sets where the stream's operations come from and what is open already. */
function takeTarget(stream, path, options, flags) {
  if (options.fd == null) {
    stream.fd = null;
    stream[kFs] = options.fs || fs;
    validateFunction(stream[kFs].open, 'options.fs.open');
    stream.path = validPath(path);
    stream.flags = options.flags === undefined ? flags : options.flags;
    stream.mode = options.mode === undefined ? 0o666 : options.mode;
    return;
  }
  const { fd } = options;
  if (typeof fd === 'number') {
    stream[kFs] = options.fs || fs;
    stream.fd = validFd(fd);
  } else if (typeof fd === 'object' && native.isFileHandle(fd)) {
    if (options.fs) throw new codes.ERR_METHOD_NOT_IMPLEMENTED('FileHandle with fs');
    stream[kHandle] = fd;
    stream[kFs] = handleOperations(fd);
    fd.on('close', stream.close.bind(stream));
    stream.fd = validFd(fd.fd);
  } else {
    throw new codes.ERR_INVALID_ARG_TYPE('options.fd', ['number', 'FileHandle'], fd);
  }
}

function takeRange(stream, options) {
  stream.start = options.start;
  stream.pos = undefined;
  if (stream.start !== undefined) {
    validateInteger(stream.start, 'start', 0);
    stream.pos = stream.start;
  }
}

function construct(callback) {
  const stream = this;
  if (typeof stream.fd === 'number') {
    callback();
    return;
  }
  if (stream.open !== openWrite && stream.open !== openRead) {
    // Some programs have put an `open` of their own there: its events tell when it is done.
    const emit = stream.emit;
    stream.emit = function(...args) {
      if (args[0] === 'open') {
        this.emit = emit;
        callback();
      } else if (args[0] === 'error') {
        this.emit = emit;
        callback(args[1]);
        return;
      }
      Reflect.apply(emit, this, args);
    };
    stream.open();
    return;
  }
  stream[kFs].open(stream.path, stream.flags, stream.mode, (error, fd) => {
    if (error) {
      callback(error);
      return;
    }
    stream.fd = fd;
    callback();
    stream.emit('open', stream.fd);
    stream.emit('ready');
  });
}

function close(stream, error, callback) {
  if (!stream.fd) {
    callback(error);
  } else if (stream.flush) {
    stream[kFs].fsync(stream.fd, (flushError) => closeNow(stream, error || flushError, callback));
  } else {
    closeNow(stream, error, callback);
  }
}

function closeNow(stream, error, callback) {
  stream[kFs].close(stream.fd, (closeError) => callback(closeError || error));
  stream.fd = null;
}

// A descriptor is not closed under a worker that uses it.
function destroyWhenIdle(error, callback) {
  if (this[kBusy]) this.once(kIdle, (e) => close(this, error || e, callback));
  else close(this, error, callback);
}

function autoCloseOf(Class, name, state) {
  Object.defineProperty(Class.prototype, 'autoClose', {
    __proto__: null,
    get() {
      if (this[kFs] === undefined) throw new codes.ERR_INVALID_THIS(name);
      return this[state].autoDestroy;
    },
    set(value) {
      if (this[kFs] === undefined) throw new codes.ERR_INVALID_THIS(name);
      this[state].autoDestroy = value;
    },
  });
  Object.defineProperty(Class.prototype, 'pending', {
    __proto__: null,
    get() { return this.fd === null; },
    configurable: true,
  });
}

function deprecatedOpen(name) {
  let warned = false;
  return function() {
    if (warned) return;
    warned = true;
    process.emitWarning(`${name}.prototype.open() is deprecated`, 'DeprecationWarning', 'DEP0135');
  };
}
const openRead = deprecatedOpen('ReadStream');
const openWrite = deprecatedOpen('WriteStream');

// ---- reading ----

function ReadStream(path, options) {
  if (!(this instanceof ReadStream)) return new ReadStream(path, options);
  options = readOptions(options);
  if (options.highWaterMark === undefined) options.highWaterMark = 64 * 1024;
  takeTarget(this, path, options, 'r');
  options.autoDestroy = options.autoClose === undefined ? true : options.autoClose;
  validateFunction(this[kFs].read, 'options.fs.read');
  if (options.autoDestroy) validateFunction(this[kFs].close, 'options.fs.close');
  this.end = options.end;
  this.bytesRead = 0;
  this[kBusy] = false;
  takeRange(this, options);
  if (this.end === undefined) {
    this.end = Infinity;
  } else if (this.end !== Infinity) {
    validateInteger(this.end, 'end', 0);
    if (this.start !== undefined && this.start > this.end) {
      throw new codes.ERR_OUT_OF_RANGE('start', `<= "end" (here: ${this.end})`, this.start);
    }
  }
  Readable.call(this, options);
}
Object.setPrototypeOf(ReadStream.prototype, Readable.prototype);
Object.setPrototypeOf(ReadStream, Readable);
autoCloseOf(ReadStream, 'ReadStream', '_readableState');
ReadStream.prototype.open = openRead;
ReadStream.prototype._construct = construct;

ReadStream.prototype._read = function(n) {
  n = Math.min(this.end - (this.pos ?? this.bytesRead) + 1, n);
  if (n <= 0) {
    this.push(null);
    return;
  }
  this[kBusy] = true;
  const ops = this[kFs];
  if (ops === fs && fs.read === ownRead) {
    native.read(this.fd, n, this.pos, (error, chunk) => got(this, error, error ? 0 : chunk.length, chunk));
    return;
  }
  ops.read(this.fd, Buffer.allocUnsafeSlow(n), 0, n, this.pos, (error, count, buffer) => {
    // A small rest is not to keep the memory of a whole chunk.
    const partly = !error && count > 0 && count !== buffer.length;
    got(this, error, count, partly ? Buffer.from(buffer.subarray(0, count)) : buffer);
  });
};

function got(stream, error, count, chunk) {
  stream[kBusy] = false;
  if (stream.destroyed) {
    stream.emit(kIdle, error);
  } else if (error) {
    errorOrDestroy(stream, error);
  } else if (count > 0) {
    if (stream.pos !== undefined) stream.pos += count;
    stream.bytesRead += count;
    stream.push(chunk);
  } else {
    stream.push(null);
  }
}

ReadStream.prototype._destroy = destroyWhenIdle;

ReadStream.prototype.close = function(callback) {
  if (typeof callback === 'function') finished(this, callback);
  this.destroy();
};

// ---- writing ----

function WriteStream(path, options) {
  if (!(this instanceof WriteStream)) return new WriteStream(path, options);
  options = readOptions(options);
  options.decodeStrings = true;
  takeTarget(this, path, options, 'w');
  options.autoDestroy = options.autoClose === undefined ? true : options.autoClose;
  const ops = this[kFs];
  if (!ops.write && !ops.writev) throw new codes.ERR_INVALID_ARG_TYPE('options.fs.write', 'function', ops.write);
  if (ops.write) validateFunction(ops.write, 'options.fs.write');
  if (ops.writev) validateFunction(ops.writev, 'options.fs.writev');
  if (options.autoDestroy) validateFunction(ops.close, 'options.fs.close');
  this.flush = options.flush;
  if (this.flush == null) {
    this.flush = false;
  } else {
    validateBoolean(this.flush, 'options.flush');
    validateFunction(ops.fsync, 'options.fs.fsync');
  }
  // Either is enough.
  if (!ops.write) this._write = null;
  if (!ops.writev) this._writev = null;
  this.bytesWritten = 0;
  this[kBusy] = false;
  takeRange(this, options);
  Writable.call(this, options);
  if (options.encoding) this.setDefaultEncoding(options.encoding);
}
Object.setPrototypeOf(WriteStream.prototype, Writable.prototype);
Object.setPrototypeOf(WriteStream, Writable);
autoCloseOf(WriteStream, 'WriteStream', '_writableState');
WriteStream.prototype.open = openWrite;
WriteStream.prototype._construct = construct;

// Writes until all is written; nothing five times over is a failure.
function writeAll(stream, write, name, data, size, position, callback, retries = 0) {
  write(data, position, (error, count, rest) => {
    if (error?.code === 'EAGAIN') {
      error = null;
      count = 0;
    }
    if (stream.destroyed || error) {
      callback(error || new codes.ERR_STREAM_DESTROYED(name));
      return;
    }
    stream.bytesWritten += count;
    retries = count ? 0 : retries + 1;
    size -= count;
    if (retries > 5) callback(new codes.ERR_SYSTEM_ERROR({ message: `${name} failed`, syscall: name, code: 'EIO', errno: -5 }));
    else if (size) writeAll(stream, write, name, rest(count), size, position + count, callback, retries);
    else callback();
  });
}

function wrote(stream, error, callback) {
  stream[kBusy] = false;
  callback(error);
  // `_destroy` waits for it.
  if (stream.destroyed) stream.emit(kIdle, error);
}

WriteStream.prototype._write = function(data, encoding, callback) {
  this[kBusy] = true;
  const ops = this[kFs];
  const position = this.pos;
  if (position !== undefined) this.pos += data.length;
  if (ops === fs && fs.write === ownWrite) {
    native.write(this.fd, data, position, (error, count) => {
      if (!error && !this.destroyed) this.bytesWritten += count;
      wrote(this, error || (this.destroyed ? new codes.ERR_STREAM_DESTROYED('write') : undefined), callback);
    });
    return;
  }
  const write = (chunk, at, done) => ops.write(this.fd, chunk, 0, chunk.length, at, (error, count, buffer) => {
    done(error, count, (n) => buffer.slice(n));
  });
  writeAll(this, write, 'write', data, data.length, position, (error) => wrote(this, error, callback));
};

WriteStream.prototype._writev = function(data, callback) {
  const chunks = data.map((d) => d.chunk);
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  this[kBusy] = true;
  const ops = this[kFs];
  const position = this.pos;
  if (position !== undefined) this.pos += size;
  if (ops === fs && fs.writev === ownWritev) {
    native.write(this.fd, Buffer.concat(chunks, size), position, (error, count) => {
      if (!error && !this.destroyed) this.bytesWritten += count;
      wrote(this, error || (this.destroyed ? new codes.ERR_STREAM_DESTROYED('writev') : undefined), callback);
    });
    return;
  }
  const write = (list, at, done) => ops.writev(this.fd, list, at, (error, count, buffers) => {
    done(error, count, (n) => [Buffer.concat(buffers).slice(n)]);
  });
  writeAll(this, write, 'writev', chunks, size, position, (error) => wrote(this, error, callback));
};

WriteStream.prototype._destroy = destroyWhenIdle;

WriteStream.prototype.close = function(callback) {
  if (callback) {
    if (this.closed) {
      process.nextTick(callback);
      return;
    }
    this.on('close', callback);
  }
  // Nothing else would close it.
  if (!this.autoClose) this.on('finish', this.destroy);
  // What was written is to arrive: no destroy.
  this.end();
};

WriteStream.prototype.destroySoon = WriteStream.prototype.end;

module.exports = {
  ReadStream,
  WriteStream,
  createReadStream: (path, options) => new ReadStream(path, options),
  createWriteStream: (path, options) => new WriteStream(path, options),
};
