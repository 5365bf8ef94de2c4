// node:url: the older parser beside the WHATWG classes, which are in url_whatwg.js.

const { codes } = require('./errors');
const { validateString, validateObject, kValidateObjectAllowFunction, kValidateObjectAllowArray } = require('./validators');
const whatwg = require('./url_whatwg');
const native = require('./url_native');

let querystringModule;
const querystring = () => (querystringModule ??= require('querystring'));

// Protocols whose rest is never escaped, never has a host, or has slashes by nature.
const unsafe = new Set(['javascript', 'javascript:']);
const hostless = new Set(['javascript', 'javascript:']);
const slashed = new Set([
  'http', 'http:', 'https', 'https:', 'ftp', 'ftp:', 'gopher', 'gopher:', 'file', 'file:', 'ws', 'ws:', 'wss', 'wss:',
]);

const MAX_HOST = 255;
const forbiddenInHost = /[\0\t\n\r #%/:<>?@[\\\]^|]/;
const forbiddenInIpv6 = /[\0\t\n\r #%/<>?@\\^|]/;

function Url() {
  this.protocol = null;
  this.slashes = null;
  this.auth = null;
  this.host = null;
  this.port = null;
  this.hostname = null;
  this.hash = null;
  this.search = null;
  this.query = null;
  this.pathname = null;
  this.path = null;
  this.href = null;
}

// ---- parsing --------------------------------------------------------------------

const isIpv6 = (hostname) => hostname[0] === '[' && hostname[hostname.length - 1] === ']';

// Backslashes up to the query or fragment mean slashes.
function withSlashes(text) {
  const end = text.search(/[?#]/);
  if (end === -1) return text.replaceAll('\\', '/');
  return text.slice(0, end).replaceAll('\\', '/') + text.slice(end);
}

const trimmed = (text) => text.replace(/^[\t\n\v\f\r \u00a0\ufeff]+|[\t\n\v\f\r \u00a0\ufeff]+$/g, '');

const ESCAPED = /[\t\n\r "'<>\\^`{|}]/g;
const escapeRest = (text) => text.replace(ESCAPED, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

// Splits what follows the slashes into credentials, host and the rest. Tabs and line breaks in the host are dropped.
function splitHost(rest) {
  let at = -1;
  let nonHost = -1;
  for (let i = 0; i < rest.length; i++) {
    const c = rest[i];
    if (c === '\t' || c === '\n' || c === '\r') {
      rest = rest.slice(0, i) + rest.slice(i + 1);
      i--;
    } else if (c === '@') {
      at = i;
      nonHost = -1;
    } else if (c === '#' || c === '/' || c === '?') {
      if (nonHost === -1) nonHost = i;
      break;
    } else if (' "%\';<>\\^`{|}'.includes(c) && nonHost === -1) {
      nonHost = i;
    }
  }
  const auth = at === -1 ? null : decodeURIComponent(rest.slice(0, at));
  const host = nonHost === -1 ? rest.slice(at + 1) : rest.slice(at + 1, nonHost);
  return { auth, host, rest: nonHost === -1 ? '' : rest.slice(nonHost) };
}

Url.prototype.parseHost = function parseHost() {
  let { host } = this;
  const port = /:[0-9]*$/.exec(host);
  if (port !== null) {
    if (port[0] !== ':') this.port = port[0].slice(1);
    host = host.slice(0, -port[0].length);
  }
  if (host) this.hostname = host;
};

// Takes the host out of `rest`; what remains.
function takeHost(url, rest, input) {
  const parts = splitHost(rest);
  ({ rest } = parts);
  if (parts.auth !== null) url.auth = parts.auth;
  url.host = parts.host;
  url.parseHost();
  if (typeof url.hostname !== 'string') url.hostname = '';
  const ipv6 = isIpv6(url.hostname);
  if (!ipv6) {
    // What cannot be in a host begins the path.
    const bad = url.hostname.search(/[^a-zA-Z0-9.\-+_\u0080-\uffff]/);
    if (bad !== -1) {
      rest = `/${url.hostname.slice(bad)}${rest}`;
      url.hostname = url.hostname.slice(0, bad);
    }
  }
  url.hostname = url.hostname.length > MAX_HOST ? '' : url.hostname.toLowerCase();
  if (url.hostname !== '') {
    if (ipv6) {
      if (forbiddenInIpv6.test(url.hostname)) throw invalid(input);
    } else {
      url.hostname = toASCII(url.hostname);
      if (url.hostname === '' || forbiddenInHost.test(url.hostname)) throw invalid(input);
    }
  }
  url.host = (url.hostname || '') + (url.port ? `:${url.port}` : '');
  if (ipv6) {
    url.hostname = url.hostname.slice(1, -1);
    if (rest[0] !== '/') rest = `/${rest}`;
  }
  return rest;
}

function invalid(input) {
  return Object.assign(new codes.ERR_INVALID_URL(input), { input });
}

// Punycode only where there is something to encode: names with underscores and the like are no domains, but hosts.
function toASCII(hostname) {
  if (/^[\u0000-\u007f]*$/.test(hostname) && !hostname.includes('xn--')) return hostname;
  return native.domainToASCII(hostname);
}

Url.prototype.parse = function parse(input, parseQueryString, slashesDenoteHost) {
  validateString(input, 'url');
  let rest = withSlashes(trimmed(input));
  const query = (text) => (parseQueryString ? querystring().parse(text) : text);

  if (!slashesDenoteHost && !/[#@]/.test(rest)) {
    const simple = /^(\/\/?(?!\/)[^?\s]*)(\?[^\s]*)?$/.exec(rest);
    if (simple !== null) {
      this.path = rest;
      this.href = rest;
      [, this.pathname] = simple;
      if (simple[2]) {
        [, , this.search] = simple;
        this.query = query(this.search.slice(1));
      } else if (parseQueryString) {
        this.search = null;
        this.query = { __proto__: null };
      }
      return this;
    }
  }

  const protocol = /^[a-z0-9.+-]+:/i.exec(rest)?.[0];
  const lower = protocol?.toLowerCase();
  if (protocol !== undefined) {
    this.protocol = lower;
    rest = rest.slice(protocol.length);
  }
  let slashes = false;
  if (slashesDenoteHost || protocol !== undefined || /^\/\/[^@/]+@[^@/]+/.test(rest)) {
    slashes = rest.startsWith('//');
    if (slashes && !hostless.has(lower)) {
      rest = rest.slice(2);
      this.slashes = true;
    }
  }
  if (!hostless.has(lower) && (slashes || (protocol !== undefined && !slashed.has(protocol)))) rest = takeHost(this, rest, input);
  if (!unsafe.has(lower)) rest = escapeRest(rest);

  const hash = rest.indexOf('#');
  if (hash !== -1) {
    this.hash = rest.slice(hash);
    rest = rest.slice(0, hash);
  }
  const question = rest.indexOf('?');
  if (question !== -1) {
    this.search = rest.slice(question);
    this.query = query(this.search.slice(1));
    rest = rest.slice(0, question);
  } else if (parseQueryString) {
    this.search = null;
    this.query = { __proto__: null };
  }
  if (rest.length > 0) this.pathname = rest;
  if (slashed.has(lower) && this.hostname && !this.pathname) this.pathname = '/';
  if (this.pathname || this.search) this.path = (this.pathname || '') + (this.search || '');
  this.href = this.format();
  return this;
};

let warned = false;

// Packages cannot be expected to change at once: only the program's own files are told.
function calledFromPackage() {
  const [site] = binding.getCallSites(1);
  return site !== undefined && /[\\/]node_modules[\\/]/.test(site.scriptName);
}

function parse(url, parseQueryString, slashesDenoteHost) {
  if (!warned && !calledFromPackage()) {
    warned = true;
    process.emitWarning(
      '`url.parse()` behavior is not standardized and prone to errors that have security implications. ' +
      'Use the WHATWG URL API instead. CVEs are not issued for `url.parse()` vulnerabilities.', 'DeprecationWarning', 'DEP0169', parse);
  }
  return parsed(url, parseQueryString, slashesDenoteHost);
}

function parsed(url, parseQueryString, slashesDenoteHost) {
  if (url instanceof Url) return url;
  return new Url().parse(url, parseQueryString, slashesDenoteHost);
}

// ---- text -----------------------------------------------------------------------

// Unreserved characters, and ':', stay in credentials.
const escapeAuth = (auth) => encodeURIComponent(auth).replace(/%3A/gi, ':');

Url.prototype.format = function format() {
  const auth = this.auth ? `${escapeAuth(this.auth)}@` : '';
  let protocol = this.protocol || '';
  let pathname = this.pathname || '';
  let hash = this.hash || '';
  let host = '';
  if (this.host) {
    host = auth + this.host;
  } else if (this.hostname) {
    host = auth + (this.hostname.includes(':') && !isIpv6(this.hostname) ? `[${this.hostname}]` : this.hostname);
    if (this.port) host += `:${this.port}`;
  }
  const query = this.query !== null && typeof this.query === 'object' ? querystring().stringify(this.query) : '';
  let search = this.search || (query && `?${query}`) || '';
  if (protocol && !protocol.endsWith(':')) protocol += ':';
  pathname = pathname.replace(/[#?]/g, (c) => (c === '#' ? '%23' : '%3F'));
  if (this.slashes || slashed.has(protocol)) {
    if (this.slashes || host) {
      if (pathname && pathname[0] !== '/') pathname = `/${pathname}`;
      host = `//${host}`;
    } else if (/^file/.test(protocol)) {
      host = '//';
    }
  }
  search = search.replaceAll('#', '%23');
  if (hash && hash[0] !== '#') hash = `#${hash}`;
  if (search && search[0] !== '?') search = `?${search}`;
  return protocol + host + pathname + search + hash;
};

function format(urlObject, options) {
  if (typeof urlObject === 'string') {
    urlObject = parsed(urlObject);
  } else if (typeof urlObject !== 'object' || urlObject === null) {
    throw new codes.ERR_INVALID_ARG_TYPE('urlObject', ['Object', 'string'], urlObject);
  } else if (whatwg.isURL(urlObject)) {
    let fragment = true;
    let unicode = false;
    let search = true;
    let auth = true;
    if (options) {
      validateObject(options, 'options', kValidateObjectAllowFunction | kValidateObjectAllowArray);
      if (options.fragment != null) fragment = Boolean(options.fragment);
      if (options.unicode != null) unicode = Boolean(options.unicode);
      if (options.search != null) search = Boolean(options.search);
      if (options.auth != null) auth = Boolean(options.auth);
    }
    return native.format(urlObject.href, fragment, unicode, search, auth);
  }
  return Url.prototype.format.call(urlObject);
}

// ---- resolving --------------------------------------------------------------------

function setPath(url) {
  if (url.pathname || url.search) url.path = (url.pathname || '') + (url.search || '');
}

function done(url) {
  url.href = url.format();
  return url;
}

// A new protocol that is known to have slashes: everything but what the relative URL lacks comes from it.
function withOtherProtocol(result, relative) {
  if (!slashed.has(relative.protocol)) return done(Object.assign(result, relative));
  result.protocol = relative.protocol;
  let { host, hostname } = relative;
  if (!host && !/^file:?$/.test(relative.protocol) && !hostless.has(relative.protocol)) {
    // The first part of the path that is not empty is the host.
    const parts = (relative.pathname || '').split('/');
    while (parts.length > 0 && !host) host = parts.shift();
    host ||= '';
    hostname ||= '';
    if (parts[0] !== '') parts.unshift('');
    if (parts.length < 2) parts.unshift('');
    result.pathname = parts.join('/');
  } else {
    result.pathname = relative.pathname;
  }
  result.search = relative.search;
  result.query = relative.query;
  result.host = host || '';
  result.auth = relative.auth;
  result.hostname = hostname || host;
  result.port = relative.port;
  setPath(result);
  result.slashes = result.slashes || relative.slashes;
  return done(result);
}

// Credentials can end up in a host that came out of a path (mailto:).
function splitAuthFromHost(url) {
  if (url.host && url.host.indexOf('@') > 0) {
    const [auth, host] = url.host.split('@');
    url.auth = auth;
    url.host = host;
    url.hostname = host;
  }
}

// Takes out '.' and '..'; how many '..' lead above the start.
function removeDots(parts) {
  let up = 0;
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i];
    if (part === '.') {
      parts.splice(i, 1);
    } else if (part === '..') {
      parts.splice(i, 1);
      up++;
    } else if (up > 0) {
      parts.splice(i, 1);
      up--;
    }
  }
  return up;
}

Url.prototype.resolveObject = function resolveObject(relative) {
  if (typeof relative === 'string') relative = new Url().parse(relative, false, true);
  const result = Object.assign(new Url(), this);
  result.hash = relative.hash;
  if (relative.href === '') return done(result);
  if (relative.slashes && !relative.protocol) {
    const { protocol } = result;
    Object.assign(result, relative);
    result.protocol = protocol;
    if (slashed.has(protocol) && result.hostname && !result.pathname) {
      result.pathname = '/';
      result.path = '/';
    }
    return done(result);
  }
  if (relative.protocol && relative.protocol !== result.protocol) return withOtherProtocol(result, relative);
  return resolvePath(result, relative);
};

function resolvePath(result, relative) {
  const sourceAbsolute = Boolean(result.pathname && result.pathname[0] === '/');
  const relativeAbsolute = Boolean(relative.host || (relative.pathname && relative.pathname[0] === '/'));
  let mustEndAbsolute = relativeAbsolute || sourceAbsolute || Boolean(result.host && relative.pathname);
  const removeAllDots = mustEndAbsolute;
  let parts = result.pathname ? result.pathname.split('/') : [];
  const relativeParts = relative.pathname ? relative.pathname.split('/') : [];
  const putFirst = (list, host) => {
    if (list[0] === '') list[0] = host;
    else list.unshift(host);
  };
  // Without slashes '..' can reach the host, which therefore counts as the first part of the path meanwhile.
  const hostInPath = Boolean(result.protocol && !slashed.has(result.protocol));
  let { host: relativeHost, hostname: relativeHostname, port: relativePort } = relative;
  if (hostInPath) {
    result.hostname = '';
    result.port = null;
    if (result.host) putFirst(parts, result.host);
    result.host = '';
    if (relative.protocol) {
      result.auth = null;
      if (relativeHost) putFirst(relativeParts, relativeHost);
      relativeHost = null;
      relativeHostname = null;
      relativePort = null;
    }
    mustEndAbsolute = mustEndAbsolute && (relativeParts[0] === '' || parts[0] === '');
  }
  if (relativeAbsolute) {
    if (relativeHost || relativeHost === '') {
      if (result.host !== relativeHost) result.auth = null;
      result.host = relativeHost;
      result.port = relativePort;
    }
    if (relativeHostname || relativeHostname === '') {
      if (result.hostname !== relativeHostname) result.auth = null;
      result.hostname = relativeHostname;
    }
    result.search = relative.search;
    result.query = relative.query;
    parts = relativeParts;
  } else if (relativeParts.length > 0) {
    parts.pop();
    parts = parts.concat(relativeParts);
    result.search = relative.search;
    result.query = relative.query;
  } else if (relative.search !== null && relative.search !== undefined) {
    if (hostInPath) {
      result.host = parts.shift();
      result.hostname = result.host;
      splitAuthFromHost(result);
    }
    result.search = relative.search;
    result.query = relative.query;
    result.path = (result.pathname || '') + (result.search || '');
    return done(result);
  }
  if (parts.length === 0) {
    result.pathname = null;
    result.path = result.search ? `/${result.search}` : null;
    return done(result);
  }
  const last = parts[parts.length - 1];
  const trailingSlash = ((result.host || relativeHost || parts.length > 1) && (last === '.' || last === '..')) || last === '';
  let up = removeDots(parts);
  if (!mustEndAbsolute && !removeAllDots) while (up-- > 0) parts.unshift('..');
  if (mustEndAbsolute && parts[0] !== '' && (!parts[0] || parts[0][0] !== '/')) parts.unshift('');
  if (trailingSlash && !parts.join('/').endsWith('/')) parts.push('');
  const absolute = parts[0] === '' || Boolean(parts[0] && parts[0][0] === '/');
  if (hostInPath) {
    result.host = absolute || parts.length === 0 ? '' : parts.shift();
    result.hostname = result.host;
    splitAuthFromHost(result);
  }
  mustEndAbsolute = mustEndAbsolute || Boolean(result.host && parts.length > 0);
  if (mustEndAbsolute && !absolute) parts.unshift('');
  if (parts.length === 0) {
    result.pathname = null;
    result.path = null;
  } else {
    result.pathname = parts.join('/');
  }
  if (result.pathname !== null || result.search !== null) result.path = (result.pathname || '') + (result.search || '');
  result.auth = relative.auth || result.auth;
  result.slashes = result.slashes || relative.slashes;
  return done(result);
}

Url.prototype.resolve = function resolve(relative) {
  return this.resolveObject(parsed(relative, false, true)).format();
};

function resolve(source, relative) {
  return parsed(source, false, true).resolve(relative);
}

function resolveObject(source, relative) {
  if (!source) return relative;
  return parsed(source, false, true).resolveObject(relative);
}

// ---- domains ----------------------------------------------------------------------

function domainToASCII(domain) {
  if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('domain');
  return native.domainToASCII(`${domain}`);
}

function domainToUnicode(domain) {
  if (arguments.length < 1) throw new codes.ERR_MISSING_ARGS('domain');
  return native.domainToUnicode(`${domain}`);
}

module.exports = {
  Url, parse, resolve, resolveObject, format, URL: whatwg.URL, URLSearchParams: whatwg.URLSearchParams, domainToASCII, domainToUnicode,
  pathToFileURL: whatwg.pathToFileURL, fileURLToPath: whatwg.fileURLToPath, fileURLToPathBuffer: whatwg.fileURLToPathBuffer,
  urlToHttpOptions: whatwg.urlToHttpOptions,
};
