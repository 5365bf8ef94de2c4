// process.stdin, stdout and stderr, made when a program first touches them. Writing is synchronous, as Node has it on Linux
// for files, terminals and pipes.

const { Writable, Readable, Duplex } = require('stream');
const native = require('/stdio_native');
const { errnoException, uvException } = require('./errors');

// What a program writes is written when `write` returns; a failure becomes an 'error' event.
function writeNow(fd, chunk, callback) {
  const errno = native.write(fd, chunk);
  if (errno === 0) callback();
  else callback(this._type === 'fs' ? uvException({ errno, syscall: 'write' }) : errnoException(errno, 'write'));
}

/** A file that is written synchronously. */
class SyncWriteStream extends Writable {
  constructor(fd, options) {
    super({ autoDestroy: true });
    this.fd = fd;
    this.readable = false;
    this.autoClose = options?.autoClose ?? true;
  }

  _write(chunk, encoding, callback) {
    writeNow.call(this, this.fd, chunk, callback);
  }
}

/** A pipe or socket among the standard streams. */
class Socket extends Duplex {
  constructor(fd) {
    super({ readable: false, decodeStrings: true, allowHalfOpen: false, emitClose: false, autoDestroy: true });
    this.fd = fd;
    this.bytesWritten = 0;
  }

  _write(chunk, encoding, callback) {
    this.bytesWritten += chunk.length;
    writeNow.call(this, this.fd, chunk, callback);
  }

  _writev(chunks, callback) {
    this._write(Buffer.concat(chunks.map((c) => c.chunk)), 'buffer', callback);
  }

  ref() { return this; }
  unref() { return this; }
}

// The descriptor itself is never closed; that the stream is closed can be seen all the same.
function pretendDestroy(error, callback) {
  callback(error);
  this._undestroy();
  if (!this._writableState.emitClose) process.nextTick(() => this.emit('close'));
}

function writableStream(fd) {
  let stream;
  const kind = native.kind(fd);
  if (kind === 'TTY') {
    const { WriteStream } = require('tty');
    stream = new WriteStream(fd);
    stream._type = 'tty';
  } else if (kind === 'FILE') {
    stream = new SyncWriteStream(fd, { autoClose: false });
    stream._type = 'fs';
  } else if (kind === 'PIPE') {
    stream = new Socket(fd);
    stream._type = 'pipe';
  } else if (kind === 'WORKER') {
    stream = new SyncWriteStream(fd, { autoClose: false });
  } else {
    stream = new Writable({ write(chunk, encoding, callback) { callback(); } });
  }
  stream.fd = fd;
  stream._isStdio = true;
  stream.destroySoon = stream.destroy;
  stream._destroy = pretendDestroy;
  return stream;
}

// ---- stdin ----

/** Standard input from a pipe or a terminal: read when the loop finds it ready. */
class InputStream extends Duplex {
  #reading = false;

  constructor(fd) {
    super({ writable: false, allowHalfOpen: true, highWaterMark: 65536 });
    this.fd = fd;
    this.bytesRead = 0;
    // Once paused it is not to keep the process alive.
    this.on('pause', () => process.nextTick(() => {
      if (this.readableFlowing !== true) this.#stop();
    }));
  }

  _read(n) {
    if (this.#reading || this.destroyed) return;
    this.#reading = true;
    native.watch(this.fd, Math.min(n, 65536), (errno, chunk) => {
      this.#reading = false;
      if (errno !== 0) {
        this.destroy(errnoException(errno, 'read'));
      } else if (chunk.length === 0) {
        this.push(null);
      } else {
        this.bytesRead += chunk.length;
        this.push(chunk);
      }
    });
  }

  #stop() {
    if (!this.#reading) return;
    this.#reading = false;
    this._readableState.reading = false;
    native.unwatch(this.fd);
  }

  _destroy(error, callback) {
    this.#stop();
    callback(error);
  }

  setRawMode(flag) {
    if (native.setRawMode(this.fd, !!flag) === 0) this.isRaw = !!flag;
    return this;
  }

  ref() {
    native.ref(this.fd, true);
    return this;
  }

  unref() {
    native.ref(this.fd, false);
    return this;
  }
}

function inputStream(fd) {
  const kind = native.kind(fd);
  let stream;
  if (kind === 'WORKER') return require('./worker_thread').stdin();
  if (kind === 'FILE') {
    const { ReadStream } = require('fs');
    stream = new ReadStream(null, { fd, autoClose: false });
  } else if (kind === 'TTY') {
    const { ReadStream } = require('tty');
    stream = new ReadStream(fd);
  } else if (kind === 'PIPE') {
    stream = new InputStream(fd);
  } else {
    stream = new Readable({ read() {} });
    stream.push(null);
  }
  stream.fd = fd;
  return stream;
}

module.exports = { writableStream, inputStream, InputStream, SyncWriteStream, writeNow };
