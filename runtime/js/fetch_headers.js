// Headers of fetch: names in lower case and order, values joined, `set-cookie` kept apart.
const native = require('./http_native');
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

const trimmed = (value) => value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');

function checkName(method, name) {
  name = String(name);
  if (!native.isToken(name)) throw new TypeError(`Headers.${method}: ${name} is an invalid header name.`);
  return name.toLowerCase();
}

function checkValue(method, value) {
  value = trimmed(String(value));
  if (!native.isValue(value)) throw new TypeError(`Headers.${method}: ${value} is an invalid header value.`);
  return value;
}

class Headers {
  #map = new Map();
  #cookies = [];
  #immutable = false;

  static freeze(headers) {
    headers.#immutable = true;
    return headers;
  }

  constructor(init = undefined) {
    if (init === null) throw new TypeError('Headers constructor: init was given by null, but it must be an object.');
    if (init === undefined) return;
    if (typeof init !== 'object' && typeof init !== 'function') {
      throw new TypeError(`Headers constructor: init was given by ${typeof init}, but it must be an object.`);
    }
    if (typeof init[Symbol.iterator] === 'function') {
      for (const pair of init) {
        const entry = [...pair];
        if (entry.length !== 2) throw new TypeError(`Headers constructor: expected name/value pair to be length 2, found ${entry.length}.`);
        this.append(entry[0], entry[1]);
      }
    } else {
      for (const key of Reflect.ownKeys(init)) {
        if (Reflect.getOwnPropertyDescriptor(init, key)?.enumerable) this.append(key, init[key]);
      }
    }
  }

  #mutable() {
    if (this.#immutable) throw new TypeError('immutable');
  }

  append(name, value) {
    name = checkName('append', name);
    value = checkValue('append', value);
    this.#mutable();
    if (name === 'set-cookie') this.#cookies.push(value);
    const known = this.#map.get(name);
    this.#map.set(name, known === undefined ? value : `${known}${name === 'cookie' ? '; ' : ', '}${value}`);
  }

  delete(name) {
    name = checkName('delete', name);
    this.#mutable();
    if (name === 'set-cookie') this.#cookies = [];
    this.#map.delete(name);
  }

  get(name) {
    return this.#map.get(checkName('get', name)) ?? null;
  }

  has(name) {
    return this.#map.has(checkName('has', name));
  }

  set(name, value) {
    name = checkName('set', name);
    value = checkValue('set', value);
    this.#mutable();
    if (name === 'set-cookie') this.#cookies = [value];
    this.#map.set(name, value);
  }

  getSetCookie() {
    return [...this.#cookies];
  }

  #sorted() {
    const out = [];
    for (const name of [...this.#map.keys()].sort()) {
      if (name === 'set-cookie') for (const cookie of this.#cookies) out.push([name, cookie]);
      else out.push([name, this.#map.get(name)]);
    }
    return out;
  }

  * entries() { yield* this.#sorted(); }
  * keys() { for (const [name] of this.#sorted()) yield name; }
  * values() { for (const [, value] of this.#sorted()) yield value; }

  forEach(callback, thisArg = undefined) {
    if (typeof callback !== 'function') throw new TypeError("Failed to execute 'forEach' on 'Headers': parameter 1 is not of type 'Function'.");
    for (const [name, value] of this) callback.call(thisArg, value, name, this);
  }

  [Symbol.iterator]() { return this.entries(); }

  [inspectCustom](depth, options, inspect) {
    return `Headers ${inspect(Object.fromEntries(this.#sorted()), { ...options, depth: depth ?? options.depth })}`;
  }
}
Object.defineProperty(Headers.prototype, Symbol.toStringTag, { __proto__: null, value: 'Headers', configurable: true });

module.exports = { Headers };
