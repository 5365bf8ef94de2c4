// node:querystring: the older form of URL query strings.

const { codes } = require('./errors');
const { isArray } = Array;
const { keys: objectKeys } = Object;

// Letters, digits and these stay as they are when escaped.
const unescaped = /^[A-Za-z0-9!'()*\-._~]*$/;
const plainInteger = /^[+-]?\d+$/;

// Half a surrogate pair takes whatever comes after it for the other half.
function pairUp(str) {
  let out = '';
  for (let i = 0; i < str.length; i++) {
    const code = str.charCodeAt(i);
    if (code < 0xd800 || code > 0xdfff) {
      out += str[i];
      continue;
    }
    if (++i >= str.length) throw new codes.ERR_INVALID_URI();
    out += String.fromCodePoint(0x10000 + (((code & 0x3ff) << 10) | (str.charCodeAt(i) & 0x3ff)));
  }
  return out;
}

/** querystring.escape(str) */
function escape(str) {
  if (typeof str !== 'string') str = typeof str === 'object' ? String(str) : `${str}`;
  if (unescaped.test(str)) return str;
  try {
    return encodeURIComponent(str);
  } catch {
    return encodeURIComponent(pairUp(str));
  }
}

const hexValue = (code) => {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
};

/** querystring.unescapeBuffer(s): the bytes of a percent-encoded text; malformed sequences stay. */
function unescapeBuffer(s, decodeSpaces = false) {
  const bytes = Buffer.allocUnsafe(s.length);
  let length = 0;
  for (let i = 0; i < s.length; i++) {
    let code = s.charCodeAt(i);
    if (code === 43 && decodeSpaces) {
      code = 32;
    } else if (code === 37 && i + 2 < s.length) {
      const high = hexValue(s.charCodeAt(i + 1));
      const low = hexValue(s.charCodeAt(i + 2));
      if (high >= 0 && low >= 0) {
        code = high * 16 + low;
        i += 2;
      }
    }
    bytes[length++] = code;
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

/** querystring.unescape(s): never throws. */
function unescape(s, decodeSpaces) {
  try {
    return decodeURIComponent(s);
  } catch {
    return QueryString.unescapeBuffer(s, decodeSpaces).toString();
  }
}

function primitiveText(value) {
  switch (typeof value) {
    case 'string': return value;
    case 'number': return Number.isFinite(value) ? `${value}` : '';
    case 'bigint': return `${value}`;
    case 'boolean': return value ? 'true' : 'false';
    default: return '';
  }
}

/** querystring.stringify(obj[, sep[, eq[, options]]]) */
function stringify(obj, sep, eq, options) {
  sep = sep || '&';
  eq = eq || '=';
  if (obj === null || typeof obj !== 'object') return '';
  const custom = options && typeof options.encodeURIComponent === 'function' ? options.encodeURIComponent : QueryString.escape;
  const encode = (value) => {
    const text = primitiveText(value);
    // What needs no escaping isn't handed to the builtin encoder.
    return custom === escape && plainInteger.test(text) && text[0] !== '+' ? text : custom(text);
  };
  const parts = [];
  for (const key of objectKeys(obj)) {
    const name = custom(primitiveText(key)) + eq;
    const value = obj[key];
    if (isArray(value)) for (const item of value) parts.push(name + encode(item));
    else parts.push(name + encode(value));
  }
  return parts.join(sep);
}

/** querystring.parse(str[, sep[, eq[, options]]]) */
function parse(str, sep, eq, options) {
  const result = { __proto__: null };
  if (typeof str !== 'string' || str.length === 0) return result;
  const separator = sep ? String(sep) : '&';
  const equals = eq ? String(eq) : '=';
  let limit = options && typeof options.maxKeys === 'number' ? options.maxKeys : 1000;
  if (!(limit > 0)) limit = Infinity;
  const custom = options && typeof options.decodeURIComponent === 'function' ? options.decodeURIComponent : QueryString.unescape;
  const decode = (text) => {
    if (text === '') return '';
    if (custom === unescape && !text.includes('%')) return text;
    try {
      return custom(text);
    } catch {
      return QueryString.unescape(text, true);
    }
  };
  for (const pair of str.split(separator)) {
    if (limit <= 0) break;
    if (pair === '') continue;
    limit--;
    const at = pair.indexOf(equals);
    // Spaces are decoded before percent signs, so that "%2B" stays a plus.
    const spaced = (text) => (text.includes('+') ? text.replaceAll('+', custom === QueryString.unescape && custom === unescape ? ' ' : '%20') : text);
    const key = decode(spaced(at === -1 ? pair : pair.slice(0, at)));
    const value = at === -1 ? '' : decode(spaced(pair.slice(at + equals.length)));
    if (!(key in result)) result[key] = value;
    else if (isArray(result[key])) result[key].push(value);
    else result[key] = [result[key], value];
  }
  return result;
}

const QueryString = module.exports = { unescapeBuffer, unescape, escape, stringify, encode: stringify, parse, decode: parse };
