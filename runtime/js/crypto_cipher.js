// Ciphers of node:crypto: AES in CBC, CTR, ECB and GCM mode.

const { codes, errorWithCode } = require('./errors');
const { validateString } = require('./validators');
const { LazyTransform, toBytes } = require('./crypto_hash');
const { isAnyBuffer, secretBytes } = require('./crypto_keys');
const native = require('./crypto_native');

const { setPrototypeOf } = Object;
const isView = ArrayBuffer.isView;
const handle_ = Symbol('kHandle');
const info_ = Symbol('info');
const done_ = Symbol('done');
const decoder_ = Symbol('decoder');

const table = { __proto__: null };
for (const size of [128, 192, 256]) {
  for (const mode of ['cbc', 'ctr', 'ecb', 'gcm']) {
    table[`aes-${size}-${mode}`] = { mode, name: `aes-${size}-${mode}`, keyLength: size / 8, ivLength: mode === 'ecb' ? 0 : mode === 'gcm' ? 12 : 16 };
  }
  table[`aes${size}`] = table[`aes-${size}-cbc`];
  table[`id-aes${size}-gcm`] = table[`aes-${size}-gcm`];
}
const nids = { 'aes-128-cbc': 419, 'aes-192-cbc': 423, 'aes-256-cbc': 427, 'aes-128-ecb': 418, 'aes-192-ecb': 422, 'aes-256-ecb': 426, 'aes-128-ctr': 904, 'aes-192-ctr': 905,
  'aes-256-ctr': 906, 'aes-128-gcm': 895, 'aes-192-gcm': 898, 'aes-256-gcm': 901 };

function opensslError(code, text, reason) {
  const error = new Error(text);
  error.library = 'Provider routines';
  error.reason = reason;
  error.code = code;
  return error;
}

function setUp(self, cipher, key, iv, options, encrypting) {
  validateString(cipher, 'cipher');
  const bytes = secretBytes(key, 'utf8', 'key');
  if (iv !== null && typeof iv !== 'string' && !isView(iv) && !isAnyBuffer(iv)) {
    throw new codes.ERR_INVALID_ARG_TYPE('iv', ['string', 'ArrayBuffer', 'Buffer', 'TypedArray', 'DataView', 'null'], iv);
  }
  const info = table[cipher.toLowerCase()];
  if (info === undefined) throw errorWithCode(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
  const vector = iv === null ? Buffer.alloc(0) : typeof iv === 'string' ? Buffer.from(iv) : isView(iv) ? iv : Buffer.from(iv);
  const wrongIv = info.mode === 'gcm' ? vector.byteLength === 0 : vector.byteLength !== info.ivLength;
  if (iv === null && info.ivLength !== 0) throw errorWithCode(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
  if (wrongIv && !(info.mode === 'ecb')) throw errorWithCode(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
  if (bytes.byteLength !== info.keyLength) throw errorWithCode(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
  self[handle_] = native.cipher(info.mode, bytes, vector, encrypting);
  self[info_] = { ...info, encrypting, tagLength: options?.authTagLength ?? 16 };
  self[done_] = false;
  LazyTransform.call(self, options);
}

function Cipheriv(cipher, key, iv, options) {
  if (!new.target) return new Cipheriv(cipher, key, iv, options);
  setUp(this, cipher, key, iv, options, true);
}

function Decipheriv(cipher, key, iv, options) {
  if (!new.target) return new Decipheriv(cipher, key, iv, options);
  setUp(this, cipher, key, iv, options, false);
}

const invalidState = (what) => errorWithCode(Error, 'ERR_CRYPTO_INVALID_STATE', `Invalid state for operation ${what}`);

function output(self, bytes, encoding, last) {
  if (!encoding || encoding === 'buffer') return bytes;
  const { StringDecoder } = require('string_decoder');
  self[decoder_] ??= new StringDecoder(encoding);
  return last ? self[decoder_].end(bytes) : self[decoder_].write(bytes);
}

const shared = {
  _transform(chunk, encoding, callback) {
    this.push(this.update(chunk, encoding));
    callback();
  },
  _flush(callback) {
    try {
      this.push(this.final());
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  },
  update(data, inputEncoding, outputEncoding) {
    const bytes = toBytes(data, inputEncoding);
    if (this[done_]) throw errorWithCode(Error, 'ERR_CRYPTO_INVALID_STATE', 'Trying to add data in unsupported state');
    return output(this, native.cipherUpdate(this[handle_], bytes), outputEncoding, false);
  },
  final(outputEncoding) {
    if (this[done_]) throw errorWithCode(Error, 'ERR_CRYPTO_INVALID_STATE', 'Unsupported state');
    const result = native.cipherFinal(this[handle_]);
    this[done_] = true;
    if (result === 'auth') throw new Error('Unsupported state or unable to authenticate data');
    if (result === 'bad decrypt') throw opensslError('ERR_OSSL_BAD_DECRYPT', 'error:1C800064:Provider routines::bad decrypt', 'bad decrypt');
    if (typeof result === 'string') {
      throw opensslError('ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH', 'error:1C80006B:Provider routines::wrong final block length', 'wrong final block length');
    }
    return output(this, result, outputEncoding, true);
  },
  setAutoPadding(on = true) {
    if (this[done_]) throw invalidState('setAutoPadding');
    native.cipherPadding(this[handle_], Boolean(on));
    return this;
  },
  setAAD(data, options) {
    if (this[done_] || this[info_].mode !== 'gcm') throw invalidState('setAAD');
    native.cipherAad(this[handle_], toBytes(data, options?.encoding, 'aadbuf'));
    return this;
  },
};

for (const Class of [Cipheriv, Decipheriv]) {
  setPrototypeOf(Class.prototype, LazyTransform.prototype);
  setPrototypeOf(Class, LazyTransform);
  Object.assign(Class.prototype, shared);
}

Cipheriv.prototype.getAuthTag = function getAuthTag() {
  const tag = native.cipherTag(this[handle_]);
  if (tag === undefined) throw invalidState('getAuthTag');
  return tag.subarray(0, this[info_].tagLength);
};

Decipheriv.prototype.setAuthTag = function setAuthTag(tag, encoding) {
  const bytes = toBytes(tag, encoding, 'buffer');
  if (this[info_].mode !== 'gcm' || this[done_]) throw invalidState('setAuthTag');
  if (![4, 8, 12, 13, 14, 15, 16].includes(bytes.byteLength)) {
    throw errorWithCode(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${bytes.byteLength}`);
  }
  native.cipherTag(this[handle_], bytes);
  return this;
};

function getCipherInfo(nameOrNid, options) {
  const name = typeof nameOrNid === 'number' ? Object.keys(nids).find((key) => nids[key] === nameOrNid) : nameOrNid;
  if (typeof nameOrNid !== 'string' && typeof nameOrNid !== 'number') throw new codes.ERR_INVALID_ARG_TYPE('nameOrNid', ['string', 'number'], nameOrNid);
  const info = table[String(name).toLowerCase()];
  if (info === undefined) return undefined;
  const { keyLength, ivLength } = options ?? {};
  if (keyLength !== undefined && keyLength !== info.keyLength) return undefined;
  if (ivLength !== undefined && ivLength !== info.ivLength && info.mode !== 'gcm') return undefined;
  const result = { mode: info.mode, name: info.mode === 'gcm' ? `id-aes${info.keyLength * 8}-gcm` : info.name, nid: nids[info.name] };
  if (info.mode !== 'ctr') result.blockSize = info.mode === 'gcm' ? 1 : 16;
  if (info.ivLength > 0) result.ivLength = ivLength ?? info.ivLength;
  result.keyLength = info.keyLength;
  return result;
}

module.exports = { Cipheriv, Decipheriv, getCiphers: () => Object.keys(table).filter((name) => name.startsWith('aes')), getCipherInfo };
