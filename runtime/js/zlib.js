// node:zlib. Coding is native (`zlib_native`, on the pool); options, classes and forms are here.
//
// Native helpers: open(kind, level, window) -> handle; write(handle, bytes, end, callback) -> [bytes, used] or [code, errno, message]
// (end: 0 more comes, 1 flush, 2 finish); reset(handle); crc32(bytes, value).

const { Transform } = require('stream');
const { codes: errors, errorWithCode } = require('./errors');
const { validateFunction, validateUint32 } = require('./validators');
const native = require('./zlib_native');

const { defineProperty, freeze, setPrototypeOf } = Object;
const isView = ArrayBuffer.isView;

const zlibConstants = { Z_NO_FLUSH: 0, Z_PARTIAL_FLUSH: 1, Z_SYNC_FLUSH: 2, Z_FULL_FLUSH: 3, Z_FINISH: 4, Z_BLOCK: 5, Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1,
  Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6, Z_NO_COMPRESSION: 0, Z_BEST_SPEED: 1, Z_BEST_COMPRESSION: 9,
  Z_DEFAULT_COMPRESSION: -1, Z_FILTERED: 1, Z_HUFFMAN_ONLY: 2, Z_RLE: 3, Z_FIXED: 4, Z_DEFAULT_STRATEGY: 0, ZLIB_VERNUM: 4880, DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4,
  DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7, BROTLI_DECODE: 8, BROTLI_ENCODE: 9, ZSTD_COMPRESS: 10, ZSTD_DECOMPRESS: 11, Z_MIN_WINDOWBITS: 8, Z_MAX_WINDOWBITS: 15,
  Z_DEFAULT_WINDOWBITS: 15, Z_MIN_CHUNK: 64, Z_MAX_CHUNK: Infinity, Z_DEFAULT_CHUNK: 16384, Z_MIN_MEMLEVEL: 1, Z_MAX_MEMLEVEL: 9, Z_DEFAULT_MEMLEVEL: 8, Z_MIN_LEVEL: -1,
  Z_MAX_LEVEL: 9, Z_DEFAULT_LEVEL: -1 };
const brotliConstants = { BROTLI_OPERATION_PROCESS: 0, BROTLI_OPERATION_FLUSH: 1, BROTLI_OPERATION_FINISH: 2, BROTLI_OPERATION_EMIT_METADATA: 3, BROTLI_PARAM_MODE: 0,
  BROTLI_MODE_GENERIC: 0, BROTLI_MODE_TEXT: 1, BROTLI_MODE_FONT: 2, BROTLI_DEFAULT_MODE: 0, BROTLI_PARAM_QUALITY: 1, BROTLI_MIN_QUALITY: 0, BROTLI_MAX_QUALITY: 11,
  BROTLI_DEFAULT_QUALITY: 11, BROTLI_PARAM_LGWIN: 2, BROTLI_MIN_WINDOW_BITS: 10, BROTLI_MAX_WINDOW_BITS: 24, BROTLI_LARGE_MAX_WINDOW_BITS: 30, BROTLI_DEFAULT_WINDOW: 22,
  BROTLI_PARAM_LGBLOCK: 3, BROTLI_MIN_INPUT_BLOCK_BITS: 16, BROTLI_MAX_INPUT_BLOCK_BITS: 24, BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING: 4, BROTLI_PARAM_SIZE_HINT: 5,
  BROTLI_PARAM_LARGE_WINDOW: 6, BROTLI_PARAM_NPOSTFIX: 7, BROTLI_PARAM_NDIRECT: 8, BROTLI_DECODER_RESULT_ERROR: 0, BROTLI_DECODER_RESULT_SUCCESS: 1,
  BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: 2, BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: 3, BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION: 0,
  BROTLI_DECODER_PARAM_LARGE_WINDOW: 1, BROTLI_DECODER_NO_ERROR: 0, BROTLI_DECODER_SUCCESS: 1, BROTLI_DECODER_NEEDS_MORE_INPUT: 2, BROTLI_DECODER_NEEDS_MORE_OUTPUT: 3 };
const constants = freeze({ __proto__: null, ...zlibConstants, ...brotliConstants });
const c = constants;

const codes = { Z_OK: 0, Z_STREAM_END: 1, Z_NEED_DICT: 2, Z_ERRNO: -1, Z_STREAM_ERROR: -2, Z_DATA_ERROR: -3, Z_MEM_ERROR: -4, Z_BUF_ERROR: -5, Z_VERSION_ERROR: -6 };
for (const name of Object.keys(codes)) codes[codes[name]] = name;

const kMaxLength = () => require('buffer').kMaxLength;

function ranged(value, name, low, high, fallback) {
  if (value === undefined || Number.isNaN(value)) return fallback;
  if (typeof value !== 'number') throw new errors.ERR_INVALID_ARG_TYPE(name, 'number', value);
  if (value < low || value > high || !Number.isFinite(value)) throw new errors.ERR_OUT_OF_RANGE(name, `>= ${low} and <= ${high}`, value);
  return value;
}

// ---- the stream classes -------------------------------------------------------

class ZlibBase extends Transform {
  constructor(options, kind, level, window, defaults) {
    const o = options ?? {};
    let chunkSize = c.Z_DEFAULT_CHUNK;
    let maxOutput = kMaxLength();
    let { flush, finish } = defaults;
    if (options) {
      if (o.chunkSize !== undefined && !Number.isNaN(o.chunkSize)) {
        if (typeof o.chunkSize !== 'number') throw new errors.ERR_INVALID_ARG_TYPE('options.chunkSize', 'number', o.chunkSize);
        if (!Number.isFinite(o.chunkSize) || o.chunkSize < c.Z_MIN_CHUNK) throw new errors.ERR_OUT_OF_RANGE('options.chunkSize', `>= ${c.Z_MIN_CHUNK}`, o.chunkSize);
        chunkSize = o.chunkSize;
      }
      flush = ranged(o.flush, 'options.flush', 0, defaults.maxFlush, flush);
      finish = ranged(o.finishFlush, 'options.finishFlush', 0, defaults.maxFlush, finish);
      maxOutput = ranged(o.maxOutputLength, 'options.maxOutputLength', 1, kMaxLength(), maxOutput);
    }
    super({ autoDestroy: true, ...o });
    this.bytesWritten = 0;
    this._handle = native.open(kind, level, window);
    this._kind = kind;
    this._chunkSize = chunkSize;
    this._defaultFlushFlag = flush;
    this._finishFlushFlag = finish;
    this._maxOutputLength = maxOutput;
    this._produced = 0;
    this._info = Boolean(o.info);
    this._closed = false;
    this._canFlush = defaults.compresses;
  }

  _transform(chunk, encoding, callback) {
    const flag = this._defaultFlushFlag;
    this._code(chunk, flag === 0 ? 0 : flag === this._finishFlag() ? 2 : 1, callback);
  }

  _finishFlag() {
    return this._kind.startsWith('brotli') ? c.BROTLI_OPERATION_FINISH : c.Z_FINISH;
  }

  _flush(callback) {
    // With another flag than finish an end that comes too soon is no error.
    const lenient = this._finishFlushFlag !== this._finishFlag();
    this._code(Buffer.alloc(0), lenient ? 1 : 2, callback);
  }

  _code(bytes, end, callback) {
    if (this._handle === null || this._ended) {
      process.nextTick(callback);
      return;
    }
    native.write(this._handle, bytes, end, (result) => {
      if (this.destroyed || this._handle === null) return callback();
      if (result.length === 3) return callback(zlibError(result, this));
      const [out, used] = result;
      this.bytesWritten += used;
      // What follows a stream's end is not part of it.
      if (used < bytes.length && !this._canFlush) this._ended = true;
      if (!this._emitChunks(out)) return callback(errorWithCode(RangeError, 'ERR_BUFFER_TOO_LARGE', `Cannot create a Buffer larger than ${this._maxOutputLength} bytes`));
      callback();
    });
  }

  _emitChunks(out) {
    this._produced += out.length;
    if (this._produced > this._maxOutputLength) return false;
    for (let at = 0; at < out.length; at += this._chunkSize) this.push(out.subarray(at, at + this._chunkSize));
    return true;
  }

  flush(kind, callback) {
    if (typeof kind === 'function' || (kind === undefined && !callback)) {
      callback = kind;
      kind = c.Z_FULL_FLUSH;
    }
    if (this.writableFinished) {
      if (callback) process.nextTick(callback);
    } else if (this.writableEnded) {
      if (callback) this.once('end', callback);
    } else {
      const before = this._defaultFlushFlag;
      this._defaultFlushFlag = kind === this._finishFlag() ? kind : kind || before;
      this.write(Buffer.alloc(0), '', (error) => {
        this._defaultFlushFlag = before;
        if (callback) callback(error);
      });
    }
  }

  reset() {
    if (this._handle === null) throw errorWithCode(Error, 'ERR_INTERNAL_ASSERTION', 'zlib binding closed');
    this._ended = false;
    return native.reset(this._handle);
  }

  close(callback) {
    if (callback) {
      if (this.closed) process.nextTick(callback);
      else this.once('close', callback);
    }
    this.destroy();
  }

  _destroy(error, callback) {
    this._handle = null;
    this._closed = true;
    callback(error);
  }

  // Everything at once, for the Sync functions.
  _processChunk(chunk, flag) {
    const result = native.write(this._handle, chunk, flag === this._finishFlag() ? 2 : 1);
    if (result.length === 3) throw zlibError(result);
    return result[0];
  }
}

function zlibError([code, errno, message]) {
  const error = new Error(message);
  error.errno = errno;
  error.code = code;
  return error;
}

const zlibDefaults = (compresses) => ({ flush: c.Z_NO_FLUSH, finish: c.Z_FINISH, maxFlush: c.Z_BLOCK, compresses });
const brotliDefaults = (compresses) => ({ flush: c.BROTLI_OPERATION_PROCESS, finish: c.BROTLI_OPERATION_FINISH, maxFlush: c.BROTLI_OPERATION_EMIT_METADATA, compresses });

function checkZlibOptions(o, kind) {
  const least = kind === 'gzip' ? 9 : c.Z_MIN_WINDOWBITS;
  if (!(o.windowBits == null || o.windowBits === 0) || ['deflate', 'gzip', 'deflateRaw'].includes(kind)) ranged(o.windowBits, 'options.windowBits', least, c.Z_MAX_WINDOWBITS, 15);
  const level = ranged(o.level, 'options.level', c.Z_MIN_LEVEL, c.Z_MAX_LEVEL, c.Z_DEFAULT_LEVEL);
  ranged(o.memLevel, 'options.memLevel', c.Z_MIN_MEMLEVEL, c.Z_MAX_MEMLEVEL, c.Z_DEFAULT_MEMLEVEL);
  const strategy = ranged(o.strategy, 'options.strategy', c.Z_DEFAULT_STRATEGY, c.Z_FIXED, c.Z_DEFAULT_STRATEGY);
  if (o.dictionary !== undefined) {
    if (!isView(o.dictionary) && !(o.dictionary instanceof ArrayBuffer)) {
      throw new errors.ERR_INVALID_ARG_TYPE('options.dictionary', ['Buffer', 'TypedArray', 'DataView', 'ArrayBuffer'], o.dictionary);
    }
    throw new errors.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('options.dictionary of zlib');
  }
  return { level, strategy };
}

class Zlib extends ZlibBase {
  constructor(options, kind, compresses) {
    const { level, strategy } = checkZlibOptions(options ?? {}, kind);
    super(options, kind, level === -1 ? 6 : level, 15, zlibDefaults(compresses));
    this._level = level;
    this._strategy = strategy;
  }

  params(level, strategy, callback) {
    ranged(level, 'level', c.Z_MIN_LEVEL, c.Z_MAX_LEVEL);
    if (level === undefined) throw new errors.ERR_INVALID_ARG_TYPE('level', 'number', level);
    ranged(strategy, 'strategy', c.Z_DEFAULT_STRATEGY, c.Z_FIXED);
    if (strategy === undefined) throw new errors.ERR_INVALID_ARG_TYPE('strategy', 'number', strategy);
    // The coder keeps its level: what comes out is valid all the same.
    this._level = level;
    this._strategy = strategy;
    if (callback) process.nextTick(callback);
  }
}

function brotliParams(options, compresses) {
  let level = c.BROTLI_DEFAULT_QUALITY;
  let window = c.BROTLI_DEFAULT_WINDOW;
  if (options?.params) {
    for (const key of Object.keys(options.params)) {
      const n = Number(key);
      if (Number.isNaN(n) || n < 0 || n > (compresses ? 9 : 1)) throw errorWithCode(RangeError, 'ERR_BROTLI_INVALID_PARAM', `${key} is not a valid Brotli parameter`);
      const value = options.params[key];
      if (typeof value !== 'number' && typeof value !== 'boolean') throw new errors.ERR_INVALID_ARG_TYPE('options.params[key]', 'number', value);
      if (compresses && n === c.BROTLI_PARAM_QUALITY) level = Number(value);
      if (compresses && n === c.BROTLI_PARAM_LGWIN) window = Number(value);
    }
  }
  return { level, window };
}

// A class that may be called without `new`.
function callable(name, Base, setUp) {
  const Class = { [name]: function(options) {
    if (!new.target) return new Class(options);
    return Reflect.construct(Base, setUp(options), new.target);
  } }[name];
  setPrototypeOf(Class.prototype, Base.prototype);
  setPrototypeOf(Class, Base);
  return Class;
}

class Brotli extends ZlibBase {
  constructor(options, kind, compresses) {
    const { level, window } = brotliParams(options, compresses);
    super(options, kind, level, window, brotliDefaults(compresses));
  }
}

const Deflate = callable('Deflate', Zlib, (o) => [o, 'deflate', true]);
const Inflate = callable('Inflate', Zlib, (o) => [o, 'inflate', false]);
const Gzip = callable('Gzip', Zlib, (o) => [o, 'gzip', true]);
const Gunzip = callable('Gunzip', Zlib, (o) => [o, 'gunzip', false]);
const DeflateRaw = callable('DeflateRaw', Zlib, (o) => [o, 'deflateRaw', true]);
const InflateRaw = callable('InflateRaw', Zlib, (o) => [o, 'inflateRaw', false]);
const Unzip = callable('Unzip', Zlib, (o) => [o, 'unzip', false]);
const BrotliCompress = callable('BrotliCompress', Brotli, (o) => [o, 'brotliCompress', true]);
const BrotliDecompress = callable('BrotliDecompress', Brotli, (o) => [o, 'brotliDecompress', false]);

// ---- whole buffers --------------------------------------------------------------

function inputBytes(buffer) {
  if (typeof buffer === 'string') return Buffer.from(buffer);
  if (isView(buffer)) return Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  if (buffer instanceof ArrayBuffer || (typeof SharedArrayBuffer === 'function' && buffer instanceof SharedArrayBuffer)) return Buffer.from(buffer);
  throw new errors.ERR_INVALID_ARG_TYPE('buffer', ['string', 'Buffer', 'TypedArray', 'DataView', 'ArrayBuffer'], buffer);
}

const tooLarge = (limit) => errorWithCode(RangeError, 'ERR_BUFFER_TOO_LARGE', `Cannot create a Buffer larger than ${limit} bytes`);

const lenientEnd = (engine) => (engine._finishFlushFlag === engine._finishFlag() ? 2 : 1);

function finishAll(engine, result) {
  if (result.length === 3) throw zlibError(result);
  if (result[0].length > engine._maxOutputLength) throw tooLarge(engine._maxOutputLength);
  engine.bytesWritten = result[1];
  return engine._info ? { buffer: result[0], engine } : result[0];
}

function sync(Class, name) {
  return { [name](buffer, options) {
    const bytes = inputBytes(buffer);
    const engine = new Class(options);
    return finishAll(engine, native.write(engine._handle, bytes, lenientEnd(engine)));
  } }[name];
}

function async_(Class, name) {
  const fn = { [name](buffer, options, callback) {
    if (typeof options === 'function') {
      callback = options;
      options = {};
    }
    validateFunction(callback, 'callback');
    const bytes = inputBytes(buffer);
    const engine = new Class(options);
    native.write(engine._handle, bytes, lenientEnd(engine), (result) => {
      let value;
      try {
        value = finishAll(engine, result);
      } catch (error) {
        engine.close();
        callback(error);
        return;
      }
      engine.close();
      callback(null, value);
    });
  } }[name];
  return fn;
}

function crc32(data, value = 0) {
  if (typeof data !== 'string' && !isView(data)) throw new errors.ERR_INVALID_ARG_TYPE('data', ['Buffer', 'TypedArray', 'DataView', 'string'], data);
  validateUint32(value, 'value');
  return native.crc32(data, value);
}

function missing(name) {
  return { [name]() {
    throw new errors.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`zlib.${name}`);
  } }[name];
}

module.exports = {
  crc32, Deflate, Inflate, Gzip, Gunzip, DeflateRaw, InflateRaw, Unzip, BrotliCompress, BrotliDecompress,
  deflate: async_(Deflate, 'deflate'), deflateSync: sync(Deflate, 'deflateSync'), gzip: async_(Gzip, 'gzip'), gzipSync: sync(Gzip, 'gzipSync'),
  deflateRaw: async_(DeflateRaw, 'deflateRaw'), deflateRawSync: sync(DeflateRaw, 'deflateRawSync'), unzip: async_(Unzip, 'unzip'), unzipSync: sync(Unzip, 'unzipSync'),
  inflate: async_(Inflate, 'inflate'), inflateSync: sync(Inflate, 'inflateSync'), gunzip: async_(Gunzip, 'gunzip'), gunzipSync: sync(Gunzip, 'gunzipSync'),
  inflateRaw: async_(InflateRaw, 'inflateRaw'), inflateRawSync: sync(InflateRaw, 'inflateRawSync'),
  brotliCompress: async_(BrotliCompress, 'brotliCompress'), brotliCompressSync: sync(BrotliCompress, 'brotliCompressSync'),
  brotliDecompress: async_(BrotliDecompress, 'brotliDecompress'), brotliDecompressSync: sync(BrotliDecompress, 'brotliDecompressSync'),
};
for (const Class of [Deflate, Inflate, DeflateRaw, InflateRaw, Gzip, Gunzip, Unzip, BrotliCompress, BrotliDecompress]) {
  defineProperty(module.exports, `create${Class.name}`, { __proto__: null, configurable: true, enumerable: true, value: (options) => new Class(options) });
}
for (const name of ['zstdCompress', 'zstdCompressSync', 'zstdDecompress', 'zstdDecompressSync', 'createZstdCompress', 'createZstdDecompress']) module.exports[name] = missing(name);
defineProperty(module.exports, 'constants', { __proto__: null, enumerable: true, value: constants });
defineProperty(module.exports, 'codes', { __proto__: null, enumerable: true, value: freeze(codes) });
// Old programs take them from the module itself.
for (const key of Object.keys(constants)) {
  if (!key.startsWith('BROTLI')) defineProperty(module.exports, key, { __proto__: null, enumerable: false, value: constants[key] });
}
