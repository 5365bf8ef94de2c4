// KeyObject of node:crypto, as far as secret keys go.

const { codes, errorWithCode } = require('./errors');
const { validateObject, validateOneOf, validateString } = require('./validators');
const native = require('./crypto_native');

const bytes_ = Symbol('bytes');
const isView = ArrayBuffer.isView;
const isAnyBuffer = (value) => value instanceof ArrayBuffer || (typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer);

class KeyObject {
  #type;

  constructor(type, bytes) {
    if (type !== 'secret' && type !== 'public' && type !== 'private') throw new codes.ERR_INVALID_ARG_VALUE('type', type);
    if (!isView(bytes)) throw new codes.ERR_INVALID_ARG_TYPE('handle', 'object', bytes);
    this.#type = type;
    Object.defineProperty(this, bytes_, { __proto__: null, value: bytes, enumerable: false });
  }

  get type() {
    return this.#type;
  }

  static from(key) {
    throw new codes.ERR_INVALID_ARG_TYPE('key', 'CryptoKey', key);
  }

  equals(other) {
    if (!(other instanceof KeyObject)) throw new codes.ERR_INVALID_ARG_TYPE('otherKeyObject', 'KeyObject', other);
    return other.type === this.type && other[bytes_].length === this[bytes_].length && native.equal(other[bytes_], this[bytes_]);
  }
}
Object.defineProperty(KeyObject.prototype, Symbol.toStringTag, { __proto__: null, configurable: true, value: 'KeyObject' });

class SecretKeyObject extends KeyObject {
  get symmetricKeySize() {
    return this[bytes_].length;
  }

  export(options) {
    if (options !== undefined) {
      validateObject(options, 'options');
      validateOneOf(options.format, 'options.format', [undefined, 'buffer', 'jwk']);
      if (options.format === 'jwk') return { kty: 'oct', k: this[bytes_].toString('base64url') };
    }
    return Buffer.from(this[bytes_]);
  }
}

/** The bytes of a secret: text, any buffer, or a secret KeyObject. */
function secretBytes(key, encoding, name) {
  if (key instanceof KeyObject) {
    if (key.type !== 'secret') throw errorWithCode(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${key.type}, expected secret.`);
    return key[bytes_];
  }
  if (typeof key === 'string') return Buffer.from(key, encoding === 'buffer' ? 'utf8' : encoding);
  if (isView(key)) return Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (isAnyBuffer(key)) return Buffer.from(key);
  throw new codes.ERR_INVALID_ARG_TYPE(name, ['ArrayBuffer', 'Buffer', 'TypedArray', 'DataView', 'string', 'KeyObject', 'CryptoKey'], key);
}

function createSecretKey(key, encoding) {
  if (typeof key === 'string') validateString(key, 'key');
  return new SecretKeyObject('secret', Buffer.from(secretBytes(key, encoding, 'key')));
}

module.exports = { KeyObject, createSecretKey, secretBytes, isAnyBuffer };
