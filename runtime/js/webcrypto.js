// The global `crypto`: randomness and digests as the web has them.

const { codes, errorWithCode } = require('./errors');
const { isAnyBuffer } = require('./crypto_keys');
const native = require('./crypto_native');

const { defineProperty } = Object;
const isView = ArrayBuffer.isView;

/** globalThis.crypto and crypto.webcrypto */
class SubtleCrypto {
  constructor(key) {
    if (key !== inside) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
  }

  async digest(algorithm, data) {
    if (arguments.length < 2) {
      throw errorWithCode(TypeError, 'ERR_MISSING_ARGS', `Failed to execute 'digest' on 'SubtleCrypto': 2 arguments required, but only ${arguments.length} present.`);
    }
    const name = String(typeof algorithm === 'object' && algorithm !== null ? algorithm.name : algorithm).toUpperCase();
    if (!['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'SHA3-256', 'SHA3-384', 'SHA3-512'].includes(name)) throw new DOMException('Unrecognized algorithm name', 'NotSupportedError');
    if (!isView(data) && !isAnyBuffer(data)) {
      throw errorWithCode(TypeError, 'ERR_INVALID_ARG_TYPE', "Failed to execute 'digest' on 'SubtleCrypto': 2nd argument is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.");
    }
    // The bytes as they are now: the caller may change them meanwhile.
    const handle = native.hash(name);
    native.hashUpdate(handle, data);
    await undefined;
    const bytes = native.hashDigest(handle);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  }
}
for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'generateKey', 'deriveKey', 'deriveBits', 'importKey', 'exportKey', 'wrapKey', 'unwrapKey']) {
  defineProperty(SubtleCrypto.prototype, name, {
    __proto__: null,
    configurable: true,
    enumerable: true,
    writable: true,
    value: { async [name]() {
      throw new DOMException(`SubtleCrypto.${name} is not in looplab`, 'NotSupportedError');
    } }[name],
  });
}

const inside = Symbol('inside');
const subtle = new SubtleCrypto(inside);

class Crypto {
  constructor(key) {
    if (key !== inside) throw new codes.ERR_ILLEGAL_CONSTRUCTOR();
  }

  get subtle() {
    if (!(this instanceof Crypto)) throw new codes.ERR_INVALID_THIS('Crypto');
    return subtle;
  }

  getRandomValues(array) {
    if (!(this instanceof Crypto)) throw new codes.ERR_INVALID_THIS('Crypto');
    if (arguments.length === 0) {
      throw errorWithCode(TypeError, 'ERR_MISSING_ARGS', "Failed to execute 'getRandomValues' on 'Crypto': 1 argument required, but only 0 present.");
    }
    return require('./crypto_random').getRandomValues(array);
  }

  randomUUID(options) {
    if (!(this instanceof Crypto)) throw new codes.ERR_INVALID_THIS('Crypto');
    return require('./crypto_random').randomUUID(options);
  }
}
for (const [Class, name] of [[Crypto, 'Crypto'], [SubtleCrypto, 'SubtleCrypto']]) {
  defineProperty(Class.prototype, Symbol.toStringTag, { __proto__: null, configurable: true, value: name });
}
for (const name of ['subtle', 'getRandomValues', 'randomUUID']) {
  defineProperty(Crypto.prototype, name, { ...Object.getOwnPropertyDescriptor(Crypto.prototype, name), enumerable: true });
}
module.exports = { Crypto, SubtleCrypto, crypto: new Crypto(inside) };
