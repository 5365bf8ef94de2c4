// node:crypto, in the part that programs without TLS use: randomness, hashes, MACs, key derivation, AES, webcrypto's digest.
// Keys of two parts, signatures, certificates and Diffie-Hellman are not here; their functions say so.

const { codes, errorWithCode } = require('./errors');
const { KeyObject, createSecretKey, isAnyBuffer } = require('./crypto_keys');
const native = require('./crypto_native');

const { defineProperty } = Object;
const isView = ArrayBuffer.isView;

const hashNames = ['RSA-MD5', 'RSA-RIPEMD160', 'RSA-SHA1', 'RSA-SHA224', 'RSA-SHA256', 'RSA-SHA3-224', 'RSA-SHA3-256', 'RSA-SHA3-384', 'RSA-SHA3-512', 'RSA-SHA384', 'RSA-SHA512',
  'RSA-SHA512/224', 'RSA-SHA512/256', 'blake2b512', 'blake2s256', 'md5', 'md5WithRSAEncryption', 'ripemd', 'ripemd160', 'ripemd160WithRSA', 'rmd160', 'sha1', 'sha1WithRSAEncryption',
  'sha224', 'sha224WithRSAEncryption', 'sha256', 'sha256WithRSAEncryption', 'sha3-224', 'sha3-256', 'sha3-384', 'sha3-512', 'sha384', 'sha384WithRSAEncryption', 'sha512', 'sha512-224',
  'sha512-224WithRSAEncryption', 'sha512-256', 'sha512-256WithRSAEncryption', 'sha512WithRSAEncryption', 'shake128', 'shake256', 'ssl3-md5', 'ssl3-sha1'];

function timingSafeEqual(buf1, buf2) {
  for (const [name, value] of [['buf1', buf1], ['buf2', buf2]]) {
    if (!isView(value) && !isAnyBuffer(value)) {
      throw errorWithCode(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`);
    }
  }
  if (buf1.byteLength !== buf2.byteLength) throw errorWithCode(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  return native.equal(buf1, buf2);
}

const { crypto: webcrypto } = require('./webcrypto');
const { subtle } = webcrypto;

module.exports = {
  createSecretKey,
  getFips: () => 0,
  getHashes: () => [...hashNames],
  getCurves: () => [],
  timingSafeEqual,
  KeyObject,
  secureHeapUsed: () => undefined,
  webcrypto,
  subtle,
  getRandomValues: (array) => webcrypto.getRandomValues(array),
};

function lazy(file, names) {
  for (const name of names) {
    defineProperty(module.exports, name, {
      __proto__: null,
      configurable: true,
      enumerable: true,
      get() {
        const value = file()[name];
        defineProperty(module.exports, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
        return value;
      },
      set(value) {
        defineProperty(module.exports, name, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
      },
    });
  }
}
const factories = {
  createHash: (algorithm, options) => new (require('./crypto_hash').Hash)(algorithm, options),
  createHmac: (algorithm, key, options) => new (require('./crypto_hash').Hmac)(algorithm, key, options),
  createCipheriv: (cipher, key, iv, options) => new (require('./crypto_cipher').Cipheriv)(cipher, key, iv, options),
  createDecipheriv: (cipher, key, iv, options) => new (require('./crypto_cipher').Decipheriv)(cipher, key, iv, options),
};
Object.assign(module.exports, factories);
lazy(() => require('./crypto_random'), ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'randomUUIDv7']);
lazy(() => require('./crypto_hash'), ['Hash', 'Hmac', 'hash']);
lazy(() => require('./crypto_kdf'), ['pbkdf2', 'pbkdf2Sync', 'scrypt', 'scryptSync', 'hkdf', 'hkdfSync']);
lazy(() => require('./crypto_cipher'), ['Cipheriv', 'Decipheriv', 'getCiphers', 'getCipherInfo']);
lazy(() => ({ constants: Object.freeze({ __proto__: null, ...require('./constants_table').crypto }) }), ['constants']);

for (const name of ['checkPrime', 'checkPrimeSync', 'createDiffieHellman', 'createDiffieHellmanGroup', 'createECDH', 'createPrivateKey', 'createPublicKey', 'createSign', 'createVerify',
  'diffieHellman', 'generatePrime', 'generatePrimeSync', 'getDiffieHellman', 'generateKeyPair', 'generateKeyPairSync', 'privateDecrypt', 'privateEncrypt', 'publicDecrypt', 'publicEncrypt',
  'sign', 'verify', 'setEngine', 'setFips', 'argon2', 'argon2Sync']) {
  module.exports[name] = { [name]() {
    throw errorWithCode(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `crypto.${name} is not in looplab`);
  } }[name];
}

function generateKey(type, options, callback) {
  const key = generateKeySync(type, options);
  require('./validators').validateFunction(callback, 'callback');
  process.nextTick(callback, null, key);
}

function generateKeySync(type, options) {
  require('./validators').validateOneOf(type, 'type', ['hmac', 'aes']);
  require('./validators').validateObject(options, 'options');
  const { length } = options;
  if (type === 'aes') require('./validators').validateOneOf(length, 'options.length', [128, 192, 256]);
  else require('./validators').validateInteger(length, 'options.length', 8, 2 ** 31 - 1);
  return createSecretKey(require('./crypto_random').randomBytes(length >> 3));
}
Object.assign(module.exports, { generateKey, generateKeySync });
