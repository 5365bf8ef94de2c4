// URL, and the conversions between URLs and file paths. Parsing is native (require('./url_native')).

const { codes } = require('./errors');
const { validateString, validateObject } = require('./validators');
const inspect = (value, options) => require('./inspect').inspect(value, options);
const { URLSearchParams, adopt } = require('./url_search_params');
const { kMode } = require('./messaging_native');
const native = require('./url_native');

const { defineProperty, defineProperties } = Object;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

// Where the native side puts the parts of a URL.
const HREF = 0;
const ORIGIN = 1;
const PARTS = { protocol: 2, username: 3, password: 4, host: 5, hostname: 6, port: 7, pathname: 8, search: 9, hash: 10 };

const usv = (value) => {
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
  return `${value}`.toWellFormed();
};

function invalidUrl(input, base) {
  const error = new codes.ERR_INVALID_URL(input);
  error.input = input;
  if (base !== undefined) error.base = base;
  return error;
}

class URL {
  #parts;
  #searchParams;

  constructor(input, base = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('url');
    input = usv(input);
    if (base !== undefined) base = usv(base);
    const parts = native.parse(input, base);
    if (parts === null) throw invalidUrl(input, base);
    this.#parts = parts;
  }

  static parse(input, base = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('url');
    input = usv(input);
    if (base !== undefined) base = usv(base);
    return native.canParse(input, base) ? new URL(input, base) : null;
  }

  static canParse(url, base = undefined) {
    if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('url');
    url = usv(url);
    return native.canParse(url, base === undefined ? undefined : usv(base));
  }

  static createObjectURL(object) {
    return require('./blob').createObjectURL(object);
  }

  static revokeObjectURL(url) {
    return require('./blob').revokeObjectURL(url);
  }

  static is(value) {
    return value !== null && typeof value === 'object' && #parts in value;
  }

  // What a part set to a value makes of the URL; whether it could be set.
  #set(name, value) {
    const parts = native.set(this.#parts[HREF], name, usv(value));
    if (parts === null) return false;
    this.#parts = parts;
    if (this.#searchParams !== undefined && (name === 'search' || name === 'href')) this.#fillParams();
    return true;
  }

  #part(index) {
    return this.#parts[index];
  }

  #fillParams() {
    const search = this.#parts[PARTS.search];
    adopt(this.#searchParams, search.slice(1), (query) => {
      const parts = native.set(this.#parts[HREF], 'search', query);
      if (parts !== null) this.#parts = parts;
    });
  }

  [inspectCustom](depth, options) {
    if (typeof depth === 'number' && depth < 0) return this;
    const { constructor } = this;
    const shown = {
      href: this.href, origin: this.origin, protocol: this.protocol, username: this.username, password: this.password, host: this.host,
      hostname: this.hostname, port: this.port, pathname: this.pathname, search: this.search, searchParams: this.searchParams, hash: this.hash,
    };
    return `${constructor.name} ${inspect(shown, options)}`;
  }

  get href() {
    return this.#part(HREF);
  }

  set href(value) {
    void this.#parts;
    value = usv(value);
    if (!this.#set('href', value)) throw invalidUrl(value);
  }

  get origin() {
    return this.#parts[ORIGIN];
  }

  get searchParams() {
    void this.#parts;
    if (this.#searchParams === undefined) {
      this.#searchParams = new URLSearchParams();
      this.#fillParams();
    }
    return this.#searchParams;
  }

  toString() {
    return this.#part(HREF);
  }

  toJSON() {
    return this.#part(HREF);
  }

  static {
    // The parts with getter and setter alike.
    for (const [name, index] of Object.entries(PARTS)) {
      const get = { [`get ${name}`]() {
        return name === 'search' ? this.#part(index) : this.#parts[index];
      } }[`get ${name}`];
      const set = { [`set ${name}`](value) {
        void this.#parts;
        this.#set(name, value);
      } }[`set ${name}`];
      defineProperty(get, 'name', { __proto__: null, value: `get ${name}`, configurable: true });
      defineProperty(set, 'name', { __proto__: null, value: `set ${name}`, configurable: true });
      defineProperty(URL.prototype, name, { __proto__: null, get, set, configurable: true, enumerable: true });
    }
  }
}

const URL_is = URL.is;
delete URL.is;

const enumerable = { __proto__: null, enumerable: true };
// In the order in which the standard lists them.
for (const name of [
  'toString', 'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash',
  'toJSON',
]) {
  const descriptor = Object.getOwnPropertyDescriptor(URL.prototype, name);
  delete URL.prototype[name];
  defineProperty(URL.prototype, name, { __proto__: null, ...descriptor, enumerable: true });
}
defineProperties(URL.prototype, {
  [Symbol.toStringTag]: { __proto__: null, value: 'URL', configurable: true },
  [kMode]: { __proto__: null, value: 0, configurable: true },
});
defineProperties(URL, { canParse: { __proto__: null, enumerable: true }, parse: { __proto__: null, enumerable: true }, createObjectURL: enumerable, revokeObjectURL: enumerable });

// ---- files ----------------------------------------------------------------------

/** Anything with the look of a URL object, of whatever class. */
const looksLikeUrl = (value) => Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);

function pathOf(url, windows) {
  if (windows) return windowsPath(url);
  if (url.hostname !== '') throw new codes.ERR_INVALID_FILE_URL_HOST(process.platform);
  const { pathname } = url;
  if (/%2f/i.test(pathname)) {
    throw Object.assign(new codes.ERR_INVALID_FILE_URL_PATH('must not include encoded / characters'), { input: url });
  }
  return decodeURIComponent(pathname);
}

function windowsPath({ hostname, pathname }) {
  if (/%2f|%5c/i.test(pathname)) throw new codes.ERR_INVALID_FILE_URL_PATH('must not include encoded \\ or / characters');
  pathname = decodeURIComponent(pathname.replaceAll('/', '\\'));
  if (hostname !== '') return `\\\\${native.domainToUnicode(hostname)}${pathname}`;
  if (!/^\\[a-zA-Z]:/.test(pathname)) throw new codes.ERR_INVALID_FILE_URL_PATH('must be absolute');
  return pathname.slice(1);
}

function fileUrl(path) {
  if (typeof path === 'string') path = new URL(path);
  else if (!looksLikeUrl(path)) throw new codes.ERR_INVALID_ARG_TYPE('path', ['string', 'URL'], path);
  if (path.protocol !== 'file:') throw new codes.ERR_INVALID_URL_SCHEME('file');
  return path;
}

function fileURLToPath(path, options = undefined) {
  return pathOf(fileUrl(path), options?.windows ?? false);
}

function fileURLToPathBuffer(path, options = undefined) {
  const url = fileUrl(path);
  if (options?.windows) return Buffer.from(windowsPath(url));
  if (url.hostname !== '') throw new codes.ERR_INVALID_FILE_URL_HOST(process.platform);
  if (/%2f/i.test(url.pathname)) throw new codes.ERR_INVALID_FILE_URL_PATH('must not include encoded / characters');
  const bytes = [];
  const source = Buffer.from(url.pathname);
  for (let i = 0; i < source.length; i++) {
    const hex = source[i] === 0x25 ? source.toString('latin1', i + 1, i + 3) : '';
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes.push(parseInt(hex, 16));
      i += 2;
    } else {
      bytes.push(source[i]);
    }
  }
  return Buffer.from(bytes);
}

const ESCAPES = { '%': '%25', '\\': '%5C', '\n': '%0A', '\r': '%0D', '\t': '%09', '?': '%3F', '#': '%23', '[': '%5B', ']': '%5D', '^': '%5E', '|': '%7C', '~': '%7E' };

function pathToFileURL(filepath, options = undefined) {
  validateString(filepath, 'path');
  const windows = options?.windows ?? false;
  const path = require('path');
  if (windows && filepath.startsWith('\\\\')) return uncUrl(filepath);
  let resolved = windows ? path.win32.resolve(filepath) : path.posix.resolve(filepath);
  const last = filepath[filepath.length - 1];
  if ((last === '/' || (windows && last === '\\')) && resolved[resolved.length - 1] !== (windows ? '\\' : '/')) resolved += '/';
  const escaped = windows
    ? resolved.replaceAll('\\', '/').replace(/[%\n\r\t?#[\]^|~]/g, (c) => ESCAPES[c])
    : resolved.replace(/[%\\\n\r\t?#[\]^|~]/g, (c) => ESCAPES[c]);
  return new URL(`file://${windows ? '/' : ''}${escaped}`);
}

function uncUrl(filepath) {
  const extended = filepath.startsWith('\\\\?\\UNC\\');
  const start = extended ? 8 : 2;
  const end = filepath.indexOf('\\', start);
  if (end === -1) throw new codes.ERR_INVALID_ARG_VALUE('path', filepath, 'Missing UNC resource path');
  if (end === 2) throw new codes.ERR_INVALID_ARG_VALUE('path', filepath, 'Empty UNC servername');
  const rest = filepath.slice(end).replaceAll('\\', '/').replace(/[%\n\r\t?#[\]^|~]/g, (c) => ESCAPES[c]);
  const url = new URL(`file://${rest}`);
  url.hostname = filepath.slice(start, end);
  return url;
}

/** What http.request takes, from a URL. */
function urlToHttpOptions(url) {
  validateObject(url, 'url', 5);
  const { hostname, pathname, port, username, password, search } = url;
  const options = {
    __proto__: null,
    ...url,
    protocol: url.protocol,
    hostname: hostname && hostname[0] === '[' ? hostname.slice(1, -1) : hostname,
    hash: url.hash,
    search,
    pathname,
    path: `${pathname || ''}${search || ''}`,
    href: url.href,
  };
  if (port !== '') options.port = Number(port);
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return options;
}

/** Paths of fs: URLs become paths, everything else stays. */
const toPathIfFileURL = (value) => (looksLikeUrl(value) ? fileURLToPath(value) : value);

module.exports = {
  URL, URLSearchParams, isURL: URL_is, looksLikeUrl, fileURLToPath, fileURLToPathBuffer, pathToFileURL, urlToHttpOptions, toPathIfFileURL,
};
