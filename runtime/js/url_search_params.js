// URLSearchParams.

const { codes } = require('./errors');
const { validateFunction } = require('./validators');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const { kMode } = require('./messaging_native');

const { defineProperty, defineProperties } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

// ---- application/x-www-form-urlencoded ------------------------------------------------

const HEX = '0123456789ABCDEF';
const plain = /^[A-Za-z0-9*\-._]*$/;

let encoder;
let decoder;

function encode(text) {
  if (plain.test(text)) return text;
  encoder ??= new TextEncoder();
  let out = '';
  for (const byte of encoder.encode(text)) {
    const c = String.fromCharCode(byte);
    if (byte === 0x20) out += '+';
    else if (byte < 0x80 && plain.test(c)) out += c;
    else out += `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
  }
  return out;
}

const hexValue = (code) => {
  if (code >= 48 && code <= 57) return code - 48;
  code |= 32;
  return code >= 97 && code <= 102 ? code - 87 : -1;
};

function decode(text) {
  text = text.replaceAll('+', ' ');
  if (!text.includes('%')) return text.toWellFormed();
  encoder ??= new TextEncoder();
  decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
  const bytes = encoder.encode(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0x25 && i + 2 < bytes.length) {
      const high = hexValue(bytes[i + 1]);
      const low = hexValue(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        bytes[length++] = high << 4 | low;
        i += 2;
        continue;
      }
    }
    bytes[length++] = bytes[i];
  }
  return decoder.decode(bytes.subarray(0, length));
}

/** 'a=1&b' as ['a', '1', 'b', '']. */
function parse(text) {
  const list = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    list.push(decode(at === -1 ? part : part.slice(0, at)), at === -1 ? '' : decode(part.slice(at + 1)));
  }
  return list;
}

function serialize(list) {
  let out = '';
  for (let i = 0; i < list.length; i += 2) out += `${i === 0 ? '' : '&'}${encode(list[i])}=${encode(list[i + 1])}`;
  return out;
}

// ---- the class --------------------------------------------------------------------------

const usv = (value) => {
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
  return `${value}`.toWellFormed();
};

const notIterable = (what) => Object.assign(new TypeError(`${what} must be iterable`), { code: 'ERR_ARG_NOT_ITERABLE' });
const notTuple = () => Object.assign(new TypeError('Each query pair must be an iterable [name, value] tuple'), { code: 'ERR_INVALID_TUPLE' });

function fromSequence(init) {
  const list = [];
  for (const pair of init) {
    if (pair === null || pair === undefined) throw notTuple();
    if (!((typeof pair === 'object' || typeof pair === 'function') && typeof pair[Symbol.iterator] === 'function')) throw notTuple();
    const both = [...pair];
    if (both.length !== 2) throw notTuple();
    list.push(usv(both[0]), usv(both[1]));
  }
  return list;
}

// A record; of keys that are the same as USVStrings the last value counts, at the first one's place.
function fromRecord(init) {
  const seen = new Map();
  const list = [];
  for (const key of Reflect.ownKeys(init)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(init, key);
    if (descriptor === undefined || !descriptor.enumerable) continue;
    const name = usv(key);
    const value = usv(init[key]);
    if (seen.has(name)) list[seen.get(name)] = value;
    else seen.set(name, list.push(name, value) - 1);
  }
  return list;
}

class URLSearchParams {
  #list = [];
  // The URL whose query this is, told of every change.
  #owner;

  constructor(init = undefined) {
    if (init === undefined || init === null) return;
    if (typeof init === 'object' || typeof init === 'function') {
      const method = init[Symbol.iterator];
      if (method === this[Symbol.iterator] && typeof init === 'object' && #list in init) {
        this.#list = init.#list.slice();
      } else if (method !== null && method !== undefined) {
        if (typeof method !== 'function') throw notIterable('Query pairs');
        this.#list = fromSequence(init);
      } else {
        this.#list = fromRecord(init);
      }
    } else {
      init = usv(init);
      this.#list = parse(init[0] === '?' ? init.slice(1) : init);
    }
  }

  static #check(self) {
    if (self === null || typeof self !== 'object' || !(#list in self)) throw new codes.ERR_INVALID_THIS('URLSearchParams');
  }

  // For URL only.
  static adopt(params, query, owner) {
    params.#list = parse(query);
    params.#owner = owner;
  }

  static listOf(self) {
    return self.#list;
  }

  static is(self) {
    return self !== null && typeof self === 'object' && #list in self;
  }

  #changed() {
    this.#owner?.(serialize(this.#list));
  }

  [inspectCustom](depth, options) {
    URLSearchParams.#check(this);
    if (typeof depth === 'number' && depth < 0) return options.stylize('[Object]', 'special');
    const inner = { ...options };
    if (depth !== null) inner.depth = depth - 1;
    const list = this.#list;
    const output = [];
    for (let i = 0; i < list.length; i += 2) output.push(`${inspect(list[i], inner)} => ${inspect(list[i + 1], inner)}`);
    const length = output.reduce((sum, text) => sum + require('./text').stripColors(text).length + 2, -2);
    if (length > options.breakLength) return `${this.constructor.name} {\n  ${output.join(',\n  ')} }`;
    return output.length > 0 ? `${this.constructor.name} { ${output.join(', ')} }` : `${this.constructor.name} {}`;
  }

  get size() {
    URLSearchParams.#check(this);
    return this.#list.length / 2;
  }

  append(name, value) {
    URLSearchParams.#check(this);
    if (arguments.length < 2) throw new codes.ERR_MISSING_ARGS('name', 'value');
    this.#list.push(usv(name), usv(value));
    this.#changed();
  }

  delete(name, value = undefined) {
    URLSearchParams.#check(this);
    if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('name');
    name = usv(name);
    if (value !== undefined) value = usv(value);
    const list = [];
    for (let i = 0; i < this.#list.length; i += 2) {
      if (this.#list[i] === name && (value === undefined || this.#list[i + 1] === value)) continue;
      list.push(this.#list[i], this.#list[i + 1]);
    }
    this.#list = list;
    this.#changed();
  }

  get(name) {
    URLSearchParams.#check(this);
    if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('name');
    name = usv(name);
    for (let i = 0; i < this.#list.length; i += 2) if (this.#list[i] === name) return this.#list[i + 1];
    return null;
  }

  getAll(name) {
    URLSearchParams.#check(this);
    if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('name');
    name = usv(name);
    const values = [];
    for (let i = 0; i < this.#list.length; i += 2) if (this.#list[i] === name) values.push(this.#list[i + 1]);
    return values;
  }

  has(name, value = undefined) {
    URLSearchParams.#check(this);
    if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('name');
    name = usv(name);
    if (value !== undefined) value = usv(value);
    for (let i = 0; i < this.#list.length; i += 2) {
      if (this.#list[i] === name && (value === undefined || this.#list[i + 1] === value)) return true;
    }
    return false;
  }

  set(name, value) {
    URLSearchParams.#check(this);
    if (arguments.length < 2) throw new codes.ERR_MISSING_ARGS('name', 'value');
    name = usv(name);
    value = usv(value);
    const list = [];
    let found = false;
    for (let i = 0; i < this.#list.length; i += 2) {
      if (this.#list[i] !== name) {
        list.push(this.#list[i], this.#list[i + 1]);
      } else if (!found) {
        found = true;
        list.push(name, value);
      }
    }
    if (!found) list.push(name, value);
    this.#list = list;
    this.#changed();
  }

  sort() {
    URLSearchParams.#check(this);
    const pairs = [];
    for (let i = 0; i < this.#list.length; i += 2) pairs.push([this.#list[i], this.#list[i + 1]]);
    // By code units; equal names keep their order.
    pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#list = pairs.flat();
    this.#changed();
  }

  entries() {
    URLSearchParams.#check(this);
    return new URLSearchParamsIterator(this, 'key+value');
  }

  forEach(callback, thisArg = undefined) {
    URLSearchParams.#check(this);
    validateFunction(callback, 'callback');
    for (let i = 0; i < this.#list.length; i += 2) callback.call(thisArg, this.#list[i + 1], this.#list[i], this);
  }

  keys() {
    URLSearchParams.#check(this);
    return new URLSearchParamsIterator(this, 'key');
  }

  values() {
    URLSearchParams.#check(this);
    return new URLSearchParamsIterator(this, 'value');
  }

  toString() {
    URLSearchParams.#check(this);
    return serialize(this.#list);
  }
}

const { adopt, listOf, is } = URLSearchParams;
for (const name of ['adopt', 'listOf', 'is']) delete URLSearchParams[name];

const enumerable = { __proto__: null, enumerable: true };
const listed = { __proto__: null };
for (const name of ['append', 'delete', 'get', 'getAll', 'has', 'set', 'sort', 'entries', 'forEach', 'keys', 'values', 'toString', 'size']) {
  listed[name] = enumerable;
}
defineProperties(URLSearchParams.prototype, listed);
defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { __proto__: null, value: 'URLSearchParams', configurable: true });
defineProperty(URLSearchParams.prototype, Symbol.iterator, { __proto__: null, value: URLSearchParams.prototype.entries, configurable: true, writable: true });
defineProperty(URLSearchParams.prototype, kMode, { __proto__: null, value: 0, configurable: true });

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

class URLSearchParamsIterator {
  #params;
  #kind;
  #index = 0;

  constructor(params, kind) {
    this.#params = params;
    this.#kind = kind;
  }

  next() {
    if (typeof this !== 'object' || this === null || !(#params in this)) throw new codes.ERR_INVALID_THIS('URLSearchParamsIterator');
    const list = listOf(this.#params);
    if (this.#index >= list.length) return { value: undefined, done: true };
    const name = list[this.#index];
    const value = list[this.#index + 1];
    this.#index += 2;
    if (this.#kind === 'key') return { value: name, done: false };
    if (this.#kind === 'value') return { value, done: false };
    return { value: [name, value], done: false };
  }

  [inspectCustom](depth, options) {
    if (this == null || !(#params in this)) throw new codes.ERR_INVALID_THIS('URLSearchParamsIterator');
    if (typeof depth === 'number' && depth < 0) return options.stylize('[Object]', 'special');
    const inner = { ...options };
    if (options.depth !== null) inner.depth = options.depth - 1;
    const list = listOf(this.#params);
    const rest = [];
    for (let i = this.#index; i < list.length; i += 2) {
      rest.push(this.#kind === 'key' ? list[i] : this.#kind === 'value' ? list[i + 1] : [list[i], list[i + 1]]);
    }
    const breakLn = inspect(rest, inner).includes('\n');
    const shown = rest.map((item) => inspect(item, inner));
    const text = breakLn ? `\n  ${shown.join(',\n  ')}` : ` ${shown.join(', ')}`;
    return `URLSearchParams Iterator {${shown.length > 0 ? text : ''} }`;
  }
}

delete URLSearchParamsIterator.prototype.constructor;
defineProperty(URLSearchParamsIterator.prototype, 'next', { __proto__: null, enumerable: true });
defineProperty(URLSearchParamsIterator.prototype, Symbol.toStringTag, { __proto__: null, value: 'URLSearchParams Iterator', configurable: true });
Object.setPrototypeOf(URLSearchParamsIterator.prototype, iteratorPrototype);

module.exports = { URLSearchParams, adopt, serialize, listOf, isSearchParams: is };
