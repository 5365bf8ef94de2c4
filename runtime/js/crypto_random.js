// Randomness of node:crypto.

const { codes } = require('./errors');
const { validateBoolean, validateFunction, validateNumber, validateObject } = require('./validators');
const { isAnyBuffer } = require('./crypto_keys');
const native = require('./crypto_native');

const isView = ArrayBuffer.isView;
const maxSize = 2 ** 31 - 1;
const randomMax = 0xffff_ffff_ffff;

function assertOffset(offset, elementSize, length) {
  validateNumber(offset, 'offset');
  offset *= elementSize;
  const most = Math.min(length, maxSize);
  if (Number.isNaN(offset) || offset > most || offset < 0) throw new codes.ERR_OUT_OF_RANGE('offset', `>= 0 && <= ${most}`, offset);
  return offset >>> 0;
}

function assertSize(size, elementSize, offset, length) {
  validateNumber(size, 'size');
  size *= elementSize;
  if (Number.isNaN(size) || size > maxSize || size < 0) throw new codes.ERR_OUT_OF_RANGE('size', `>= 0 && <= ${maxSize}`, size);
  if (size + offset > length) throw new codes.ERR_OUT_OF_RANGE('size + offset', `<= ${length}`, size + offset);
  return size >>> 0;
}

function randomBytes(size, callback) {
  size = assertSize(size, 1, 0, Infinity);
  if (callback !== undefined) validateFunction(callback, 'callback');
  const bytes = Buffer.alloc(size);
  if (callback === undefined) return native.randomFill(bytes, 0, size);
  randomFill(bytes, 0, size, (error) => (error ? callback(error) : callback(null, bytes)));
}

function place(buffer, offset, size) {
  if (!isAnyBuffer(buffer) && !isView(buffer)) throw new codes.ERR_INVALID_ARG_TYPE('buf', ['ArrayBuffer', 'ArrayBufferView'], buffer);
  const elementSize = buffer.BYTES_PER_ELEMENT || 1;
  offset = assertOffset(offset, elementSize, buffer.byteLength);
  size = size === undefined ? buffer.byteLength - offset : assertSize(size, elementSize, offset, buffer.byteLength);
  return [offset, size];
}

function randomFillSync(buffer, offset = 0, size) {
  const [from, count] = place(buffer, offset, size);
  if (count === 0) return buffer;
  return native.randomFill(buffer, from, count);
}

function randomFill(buffer, offset, size, callback) {
  if (typeof offset === 'function') {
    callback = offset;
    offset = 0;
    size = undefined;
  } else if (typeof size === 'function') {
    callback = size;
    size = undefined;
  } else {
    validateFunction(callback, 'callback');
  }
  const [from, count] = place(buffer, offset, size);
  // The system's generator does not block once it is set up: what is late is only the callback.
  setImmediate(() => {
    if (count > 0) native.randomFill(buffer, from, count);
    callback(null, buffer);
  });
}

function randomInt(min, max, callback) {
  const minGiven = max !== undefined && typeof max !== 'function';
  if (!minGiven) {
    callback = max;
    max = min;
    min = 0;
  }
  if (callback !== undefined) validateFunction(callback, 'callback');
  if (!Number.isSafeInteger(min)) throw new codes.ERR_INVALID_ARG_TYPE('min', 'a safe integer', min);
  if (!Number.isSafeInteger(max)) throw new codes.ERR_INVALID_ARG_TYPE('max', 'a safe integer', max);
  if (max <= min) throw new codes.ERR_OUT_OF_RANGE('max', `greater than the value of "min" (${min})`, max);
  const range = max - min;
  if (!(range <= randomMax)) throw new codes.ERR_OUT_OF_RANGE(minGiven ? 'max - min' : 'max', `<= ${randomMax}`, range);
  // Numbers past the last whole multiple of the range would favour the small ones.
  const limit = randomMax - (randomMax % range);
  const bytes = Buffer.alloc(6);
  let value;
  do {
    native.randomFill(bytes, 0, 6);
    value = bytes.readUIntBE(0, 6);
  } while (value >= limit);
  const n = (value % range) + min;
  if (callback === undefined) return n;
  process.nextTick(callback, undefined, n);
}

const hex = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

function uuidText(b) {
  let text = '';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += hex[b[i]];
  }
  return text;
}

function uuidBytes(options, version) {
  if (options !== undefined) {
    validateObject(options, 'options');
    if (options.disableEntropyCache !== undefined) validateBoolean(options.disableEntropyCache, 'options.disableEntropyCache');
  }
  const b = native.randomFill(new Uint8Array(16), 0, 16);
  b[6] = (b[6] & 0x0f) | (version << 4);
  b[8] = (b[8] & 0x3f) | 0x80;
  return b;
}

function randomUUID(options) {
  return uuidText(uuidBytes(options, 4));
}

function randomUUIDv7(options) {
  const b = uuidBytes(options, 7);
  let time = Date.now();
  for (let i = 5; i >= 0; i--) {
    b[i] = time % 256;
    time = Math.floor(time / 256);
  }
  return uuidText(b);
}

const integerArrays = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array'];
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;

/** webcrypto.getRandomValues */
function getRandomValues(data) {
  if (!isView(data) || !integerArrays.includes(tagOf.call(data))) {
    throw new DOMException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
  }
  if (data.byteLength > 65536) throw new DOMException(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
  return randomFillSync(data, 0);
}

module.exports = { randomBytes, randomFill, randomFillSync, randomInt, randomUUID, randomUUIDv7, getRandomValues };
