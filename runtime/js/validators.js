// Argument checks with Node's error codes, classes and texts.

const { codes } = require('./errors');
const { isArray } = Array;
const { isInteger, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;

const argType = (name, expected, value) => new codes.ERR_INVALID_ARG_TYPE(name, expected, value);
const outOfRange = (name, range, value) => new codes.ERR_OUT_OF_RANGE(name, range, value);

// Flags for validateObject.
const ALLOW_NULLABLE = 1;
const ALLOW_ARRAY = 2;
const ALLOW_FUNCTION = 4;

function validateString(value, name) {
  if (typeof value !== 'string') throw argType(name, 'string', value);
}

function validateBoolean(value, name) {
  if (typeof value !== 'boolean') throw argType(name, 'boolean', value);
}

function validateFunction(value, name) {
  if (typeof value !== 'function') throw argType(name, 'Function', value);
}

function validateUndefined(value, name) {
  if (value !== undefined) throw argType(name, 'undefined', value);
}

/** A number, between min and max where given. */
function validateNumber(value, name, min = undefined, max = undefined) {
  if (typeof value !== 'number') throw argType(name, 'number', value);
  const low = min != null;
  const high = max != null;
  if ((low && value < min) || (high && value > max) || ((low || high) && value !== value)) {
    const range = `${low ? `>= ${min}` : ''}${low && high ? ' && ' : ''}${high ? `<= ${max}` : ''}`;
    throw outOfRange(name, range, value);
  }
}

function validateInteger(value, name, min = MIN_SAFE_INTEGER, max = MAX_SAFE_INTEGER) {
  if (typeof value !== 'number') throw argType(name, 'number', value);
  if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
}

function validateInt32(value, name, min = -2147483648, max = 2147483647) {
  validateInteger(value, name, min, max);
}

function validateUint32(value, name, positive = false) {
  if (typeof value !== 'number') throw argType(name, 'number', value);
  if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
  const min = positive ? 1 : 0;
  if (value < min || value > 4294967295) throw outOfRange(name, `>= ${min} && <= 4294967295`, value);
}

function validateObject(value, name, flags = 0) {
  if (value === null) {
    if (flags & ALLOW_NULLABLE) return;
    throw argType(name, 'Object', value);
  }
  if (isArray(value) && !(flags & ALLOW_ARRAY)) throw argType(name, 'Object', value);
  if (typeof value !== 'object' && !(typeof value === 'function' && flags & ALLOW_FUNCTION)) throw argType(name, 'Object', value);
}

function validateDictionary(value, name) {
  if (value !== null && value !== undefined && typeof value !== 'object' && typeof value !== 'function') {
    throw argType(name, 'a dictionary', value);
  }
}

function validateArray(value, name, minLength = 0) {
  if (!isArray(value)) throw argType(name, 'Array', value);
  if (value.length < minLength) throw new codes.ERR_INVALID_ARG_VALUE(name, value, `must have a length of at least ${minLength}`);
}

function validateStringArray(value, name) {
  validateArray(value, name);
  for (let i = 0; i < value.length; i++) validateString(value[i], `${name}[${i}]`);
}

function validateBooleanArray(value, name) {
  validateArray(value, name);
  for (let i = 0; i < value.length; i++) validateBoolean(value[i], `${name}[${i}]`);
}

function validateOneOf(value, name, allowed) {
  if (allowed.includes(value)) return;
  const list = allowed.map((item) => (typeof item === 'string' ? `'${item}'` : String(item))).join(', ');
  throw new codes.ERR_INVALID_ARG_VALUE(name, value, `must be one of: ${list}`);
}

function validateUnion(value, name, union) {
  if (!union.includes(value)) throw argType(name, `('${union.join('|')}')`, value);
}

function validateBuffer(value, name = 'buffer') {
  if (!ArrayBuffer.isView(value)) throw argType(name, ['Buffer', 'TypedArray', 'DataView'], value);
}

function validateAbortSignal(signal, name) {
  if (signal !== undefined && (signal === null || typeof signal !== 'object' || !('aborted' in signal))) {
    throw argType(name, 'AbortSignal', signal);
  }
}

function validatePort(port, name = 'Port', allowZero = true) {
  const isNumeric = typeof port === 'number' || (typeof port === 'string' && port.trim().length !== 0);
  if (!isNumeric || +port !== +port >>> 0 || port > 0xffff || (port === 0 && !allowZero)) {
    throw new codes.ERR_SOCKET_BAD_PORT(name, port, allowZero);
  }
  return port | 0;
}

/** A file mode: a number, or a string of octal digits. */
function parseFileMode(value, name, fallback) {
  value ??= fallback;
  if (typeof value === 'string') {
    if (!/^[0-7]+$/.test(value)) {
      throw new codes.ERR_INVALID_ARG_VALUE(name, value, 'must be a 32-bit unsigned integer or an octal string');
    }
    value = parseInt(value, 8);
  }
  validateUint32(value, name);
  return value;
}

function validateEncoding(data, encoding) {
  const normal = String(encoding).toLowerCase();
  if (normal === 'hex' && data.length % 2 !== 0) {
    throw new codes.ERR_INVALID_ARG_VALUE('encoding', encoding, `is invalid for data of length ${data.length}`);
  }
}

module.exports = {
  validateString, validateBoolean, validateFunction, validatePlainFunction: validateFunction, validateUndefined, validateNumber, validateInteger,
  validateInt32, validateUint32, validateObject, validateDictionary, validateArray, validateStringArray, validateBooleanArray, validateOneOf,
  validateUnion, validateBuffer, validateAbortSignal, validatePort, validateEncoding, parseFileMode,
  kValidateObjectAllowNullable: ALLOW_NULLABLE, kValidateObjectAllowArray: ALLOW_ARRAY, kValidateObjectAllowFunction: ALLOW_FUNCTION,
};
