// Key derivation of node:crypto: PBKDF2, scrypt and HKDF, at once or on the pool.

const { codes, errorWithCode } = require('./errors');
const { validateFunction, validateInteger, validateString, validateUint32 } = require('./validators');
const { isAnyBuffer, secretBytes } = require('./crypto_keys');
const native = require('./crypto_native');

const isView = ArrayBuffer.isView;

function bytesOf(value, name) {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (isView(value)) return value;
  if (isAnyBuffer(value)) return Buffer.from(value);
  throw new codes.ERR_INVALID_ARG_TYPE(name, ['string', 'ArrayBuffer', 'Buffer', 'TypedArray', 'DataView'], value);
}

const invalidDigest = (name) => errorWithCode(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`);

function finish(kind, list, callback, convert = (bytes) => bytes) {
  if (callback === undefined) return convert(native.derive(kind, list));
  native.derive(kind, list, (bytes) => {
    if (bytes === undefined) callback(errorWithCode(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Operation failed'));
    else callback(null, convert(bytes));
  });
}

function pbkdf2Checked(password, salt, iterations, keylen, digest) {
  validateString(digest, 'digest');
  password = bytesOf(password, 'password');
  salt = bytesOf(salt, 'salt');
  validateInteger(iterations, 'iterations', 1, 2147483647);
  validateInteger(keylen, 'keylen', 0, 2147483647);
  if (native.outputSize(digest) === undefined) throw invalidDigest(digest);
  return [password, salt, undefined, keylen, digest, iterations];
}

function pbkdf2(password, salt, iterations, keylen, digest, callback) {
  if (typeof digest === 'function') {
    callback = digest;
    digest = undefined;
  }
  const list = pbkdf2Checked(password, salt, iterations, keylen, digest);
  validateFunction(callback, 'callback');
  finish('pbkdf2', list, callback);
}

function pbkdf2Sync(password, salt, iterations, keylen, digest) {
  return finish('pbkdf2', pbkdf2Checked(password, salt, iterations, keylen, digest));
}

const invalidScrypt = (more = '') => errorWithCode(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS', `Invalid scrypt params${more}`);

function scryptChecked(password, salt, keylen, options) {
  password = bytesOf(password, 'password');
  salt = bytesOf(salt, 'salt');
  validateInteger(keylen, 'keylen', 0, 2147483647);
  let N = 16384;
  let r = 8;
  let p = 1;
  let maxmem = 32 * 1024 * 1024;
  if (options && options !== true) {
    const pair = (short, long, fallback) => {
      const a = options[short];
      const b = options[long];
      if (a !== undefined && b !== undefined) throw new codes.ERR_INCOMPATIBLE_OPTION_PAIR(short, long);
      const value = a ?? b;
      if (value !== undefined) validateUint32(value, a !== undefined ? short : long);
      return value || fallback;
    };
    N = pair('N', 'cost', N);
    r = pair('r', 'blockSize', r);
    p = pair('p', 'parallelization', p);
    if (options.maxmem !== undefined) {
      validateInteger(options.maxmem, 'maxmem', 0);
      maxmem = options.maxmem || maxmem;
    }
  }
  if (N < 2 || (N & (N - 1)) !== 0) throw invalidScrypt();
  if (128 * r * (N + p + 2) > maxmem) throw invalidScrypt(': error:030000AC:digital envelope routines::memory limit exceeded');
  return [password, salt, undefined, keylen, undefined, N, r, p];
}

function scrypt(password, salt, keylen, options, callback) {
  if (callback === undefined) {
    callback = options;
    options = undefined;
  }
  const list = scryptChecked(password, salt, keylen, options);
  validateFunction(callback, 'callback');
  finish('scrypt', list, callback);
}

function scryptSync(password, salt, keylen, options) {
  return finish('scrypt', scryptChecked(password, salt, keylen, options));
}

function hkdfChecked(hash, key, salt, info, length) {
  validateString(hash, 'digest');
  key = secretBytes(key, 'utf8', 'ikm');
  salt = bytesOf(salt, 'salt');
  info = bytesOf(info, 'info');
  validateInteger(length, 'length', 0, 2147483647);
  if (info.byteLength > 1024) throw new codes.ERR_OUT_OF_RANGE('info', 'must not contain more than 1024 bytes', info.byteLength);
  const size = native.outputSize(hash);
  if (size === undefined) throw invalidDigest(hash);
  if (length > size * 255) throw errorWithCode(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
  return [key, salt, info, length, hash];
}

const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

function hkdf(hash, key, salt, info, length, callback) {
  const list = hkdfChecked(hash, key, salt, info, length);
  validateFunction(callback, 'callback');
  finish('hkdf', list, callback, arrayBuffer);
}

function hkdfSync(hash, key, salt, info, length) {
  return finish('hkdf', hkdfChecked(hash, key, salt, info, length), undefined, arrayBuffer);
}

module.exports = { pbkdf2, pbkdf2Sync, scrypt, scryptSync, hkdf, hkdfSync };
