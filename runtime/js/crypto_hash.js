// Hash and Hmac of node:crypto, and the one-call hash().
//
// Native helpers (`crypto_native`): hash(name, length) -> handle | undefined | false, hashUpdate, hashDigest, hashCopy; hmac(name, key), …

const { Transform } = require('stream');
const { codes } = require('./errors');
const { validateEncoding, validateString, validateUint32 } = require('./validators');
const { secretBytes } = require('./crypto_keys');
const native = require('./crypto_native');

const { setPrototypeOf } = Object;
const isView = ArrayBuffer.isView;
const handle_ = Symbol('kHandle');
const state_ = Symbol('kState');
const finalized_ = Symbol('kFinalized');


function finalized() {
  const { errorWithCode } = require('./errors');
  return errorWithCode(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
}

/** Text or any view as bytes; what the argument is called is for the error. */
function toBytes(data, encoding, name = 'data') {
  if (typeof data === 'string') {
    validateEncoding(data, encoding);
    return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding);
  }
  if (!isView(data)) throw new codes.ERR_INVALID_ARG_TYPE(name, ['string', 'Buffer', 'TypedArray', 'DataView'], data);
  return data;
}

function encoded(bytes, encoding) {
  return encoding && encoding !== 'buffer' ? bytes.toString(encoding) : bytes;
}

// The stream's own state is made when a stream method is first used: most hashes never are streams.
function LazyTransform(options) {
  this._options = options;
}
setPrototypeOf(LazyTransform.prototype, Transform.prototype);
setPrototypeOf(LazyTransform, Transform);

function becomeStream(self) {
  for (const name of lazyStates) {
    Object.defineProperty(self, name, { __proto__: null, value: undefined, writable: true, configurable: true, enumerable: true });
  }
  const options = self._options || {};
  Transform.call(self, { ...options, decodeStrings: options.decodeStrings ?? false });
}

const lazyStates = ['_readableState', '_writableState', '_transformState', '_events', '_eventsCount'];
for (const name of lazyStates) {
  Object.defineProperty(LazyTransform.prototype, name, {
    __proto__: null,
    get() {
      becomeStream(this);
      return this[name];
    },
    set(value) {
      Object.defineProperty(this, name, { __proto__: null, value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
    enumerable: true,
  });
}

function Hash(algorithm, options) {
  if (!new.target) return new Hash(algorithm, options);
  const copied = algorithm instanceof Hash ? algorithm : undefined;
  if (copied === undefined) validateString(algorithm, 'algorithm');
  const length = typeof options === 'object' && options !== null ? options.outputLength : undefined;
  if (length !== undefined) validateUint32(length, 'options.outputLength');
  const handle = copied !== undefined ? native.hashCopy(copied[handle_], length) : native.hash(algorithm, length);
  if (handle === undefined) throw new Error('Digest method not supported');
  if (handle === false) throw new Error('Unsupported state or unable to set the output length');
  this[handle_] = handle;
  this[state_] = { [finalized_]: false };
  LazyTransform.call(this, options);
}
setPrototypeOf(Hash.prototype, LazyTransform.prototype);
setPrototypeOf(Hash, LazyTransform);

Hash.prototype.copy = function copy(options) {
  if (this[state_][finalized_]) throw finalized();
  return new Hash(this, options);
};

Hash.prototype._transform = function _transform(chunk, encoding, callback) {
  native.hashUpdate(this[handle_], toBytes(chunk, encoding));
  callback();
};

Hash.prototype._flush = function _flush(callback) {
  this.push(native.hashDigest(this[handle_]));
  callback();
};

Hash.prototype.update = function update(data, encoding) {
  if (this[state_][finalized_]) throw finalized();
  native.hashUpdate(this[handle_], toBytes(data, encoding));
  return this;
};

Hash.prototype.digest = function digest(outputEncoding) {
  if (this[state_][finalized_]) throw finalized();
  const result = native.hashDigest(this[handle_]);
  this[state_][finalized_] = true;
  return encoded(result, outputEncoding && outputEncoding !== 'buffer' ? `${outputEncoding}` : undefined);
};

function Hmac(algorithm, key, options) {
  if (!new.target) return new Hmac(algorithm, key, options);
  validateString(algorithm, 'hmac');
  const bytes = secretBytes(key, options?.encoding, 'key');
  const handle = native.hmac(algorithm, bytes);
  if (handle === undefined) {
    const { errorWithCode } = require('./errors');
    throw errorWithCode(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${algorithm}`);
  }
  this[handle_] = handle;
  this[state_] = { [finalized_]: false };
  LazyTransform.call(this, options);
}
setPrototypeOf(Hmac.prototype, LazyTransform.prototype);
setPrototypeOf(Hmac, LazyTransform);

Hmac.prototype.update = function update(data, encoding) {
  if (this[state_][finalized_]) throw finalized();
  native.hmacUpdate(this[handle_], toBytes(data, encoding));
  return this;
};

// A second digest() of an Hmac is empty, unlike a Hash's, which throws.
Hmac.prototype.digest = function digest(outputEncoding) {
  const encoding = outputEncoding && outputEncoding !== 'buffer' ? `${outputEncoding}` : undefined;
  if (this[state_][finalized_]) return encoded(Buffer.from(''), encoding);
  const result = native.hmacDigest(this[handle_]);
  this[state_][finalized_] = true;
  return encoded(result, encoding);
};

Hmac.prototype._transform = function _transform(chunk, encoding, callback) {
  native.hmacUpdate(this[handle_], toBytes(chunk, encoding));
  callback();
};

Hmac.prototype._flush = function _flush(callback) {
  this.push(this.digest());
  callback();
};

function hash(algorithm, input, options = 'hex') {
  validateString(algorithm, 'algorithm');
  if (typeof input !== 'string' && !isView(input)) throw new codes.ERR_INVALID_ARG_TYPE('input', ['Buffer', 'TypedArray', 'DataView', 'string'], input);
  let encoding = options;
  let length;
  if (typeof options === 'object' && options !== null) {
    encoding = options.outputEncoding ?? 'hex';
    length = options.outputLength;
    if (length !== undefined) validateUint32(length, 'outputLength');
  }
  validateString(encoding, 'outputEncoding');
  if (encoding !== 'buffer' && !Buffer.isEncoding(encoding)) throw new codes.ERR_INVALID_ARG_VALUE('outputEncoding', encoding);
  const handle = native.hash(algorithm, length);
  if (handle === undefined) throw new Error(`Digest method ${algorithm} is not supported`);
  if (handle === false) throw new Error('Unsupported state or unable to set the output length');
  native.hashUpdate(handle, toBytes(input, 'utf8', 'input'));
  return encoded(native.hashDigest(handle), encoding);
}

module.exports = { Hash, Hmac, hash, toBytes, encoded, LazyTransform };
