// node:dns: look-ups through the system's resolver (the pool's work). Queries of single record types need a resolver of our own and fail
// by name.
const native = require('./net_native');
const { codes, systemErrorMap } = require('./errors');
const { validateFunction, validateNumber, validateOneOf, validateString, validateBoolean, validatePort } = require('./validators');

const NAMES = { '-3001': 'EAI_AGAIN', '-3008': 'ENOTFOUND' };
const CODES = {
  NODATA: 'ENODATA', FORMERR: 'EFORMERR', SERVFAIL: 'ESERVFAIL', NOTFOUND: 'ENOTFOUND', NOTIMP: 'ENOTIMP', REFUSED: 'EREFUSED',
  BADQUERY: 'EBADQUERY', BADNAME: 'EBADNAME', BADFAMILY: 'EBADFAMILY', BADRESP: 'EBADRESP', CONNREFUSED: 'ECONNREFUSED', TIMEOUT: 'ETIMEOUT',
  EOF: 'EOF', FILE: 'EFILE', NOMEM: 'ENOMEM', DESTRUCTION: 'EDESTRUCTION', BADSTR: 'EBADSTR', BADFLAGS: 'EBADFLAGS', NONAME: 'ENONAME',
  BADHINTS: 'EBADHINTS', NOTINITIALIZED: 'ENOTINITIALIZED', LOADIPHLPAPI: 'ELOADIPHLPAPI',
  ADDRGETNETWORKPARAMS: 'EADDRGETNETWORKPARAMS', CANCELLED: 'ECANCELLED',
};
const HINTS = { ADDRCONFIG: 32, ALL: 16, V4MAPPED: 8 };
const ORDERS = ['verbatim', 'ipv4first', 'ipv6first'];
let defaultOrder = 'verbatim';

function failure(number, hostname) {
  const code = NAMES[number] ?? systemErrorMap().get(number)?.[0] ?? 'EAI_FAIL';
  const error = new Error(`getaddrinfo ${code} ${hostname}`);
  error.errno = number;
  error.code = code;
  error.syscall = 'getaddrinfo';
  error.hostname = hostname;
  return error;
}

function lookup(hostname, options, callback) {
  let family = 0;
  let all = false;
  let hints = 0;
  let order = defaultOrder;
  if (hostname) validateString(hostname, 'hostname');
  if (typeof options === 'function') {
    callback = options;
  } else if (typeof options === 'number') {
    validateFunction(callback, 'callback');
    validateOneOf(options, 'family', [0, 4, 6]);
    family = options;
  } else if (options !== undefined && typeof options !== 'object') {
    validateFunction(arguments.length === 2 ? options : callback, 'callback');
    throw new codes.ERR_INVALID_ARG_TYPE('options', ['integer', 'object'], options);
  } else {
    validateFunction(callback, 'callback');
    if (options?.hints != null) {
      validateNumber(options.hints, 'options.hints');
      hints = options.hints >>> 0;
      if ((hints & ~(HINTS.ADDRCONFIG | HINTS.ALL | HINTS.V4MAPPED)) !== 0) throw new codes.ERR_INVALID_ARG_VALUE('hints', hints);
    }
    if (options?.family != null) {
      family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : options.family;
      if (family !== 0) validateOneOf(family, 'options.family', [0, 4, 6]);
    }
    if (options?.all != null) {
      validateBoolean(options.all, 'options.all');
      all = options.all;
    }
    if (options?.verbatim != null) {
      validateBoolean(options.verbatim, 'options.verbatim');
      order = options.verbatim ? 'verbatim' : 'ipv4first';
    }
    if (options?.order != null) {
      validateOneOf(options.order, 'options.order', ORDERS);
      order = options.order;
    }
  }
  validateFunction(callback, 'callback');
  if (!hostname) {
    if (all) process.nextTick(callback, null, []);
    else process.nextTick(callback, null, null, family === 6 ? 6 : 4);
    return {};
  }
  const ip = native.isIP(hostname);
  if (ip) {
    if (all) process.nextTick(callback, null, [{ address: hostname, family: ip }]);
    else process.nextTick(callback, null, hostname, ip);
    return {};
  }
  native.lookup(hostname, family, (status, list) => {
    if (status !== 0) {
      callback(failure(status, hostname));
      return;
    }
    if (order !== 'verbatim') {
      const first = order === 'ipv4first' ? 4 : 6;
      list = [...list.filter((row) => row.family === first), ...list.filter((row) => row.family !== first)];
    }
    if (all) callback(null, list);
    else callback(null, list[0].address, list[0].family);
  });
  return {};
}
Object.defineProperty(lookup, Symbol.for('nodejs.util.promisify.custom'), {
  __proto__: null, value: (hostname, options) => promises.lookup(hostname, options), configurable: true,
});

function unsupported(name) {
  return function resolve(...args) {
    const callback = args[args.length - 1];
    const error = new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`dns.${name}`);
    if (typeof callback !== 'function') throw error;
    process.nextTick(callback, error);
  };
}

function lookupService(address, port, callback) {
  if (arguments.length !== 3) throw new codes.ERR_MISSING_ARGS('address', 'port', 'callback');
  if (native.isIP(address) === 0) throw new codes.ERR_INVALID_ARG_VALUE('address', address);
  validatePort(port);
  validateFunction(callback, 'callback');
  process.nextTick(callback, new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('dns.lookupService'));
}

function setDefaultResultOrder(order) {
  validateOneOf(order, 'dnsOrder', ORDERS);
  defaultOrder = order;
}

const getDefaultResultOrder = () => defaultOrder;

const RECORDS = [
  'resolve', 'resolve4', 'resolve6', 'resolveAny', 'resolveCaa', 'resolveCname', 'resolveMx', 'resolveNaptr', 'resolveNs', 'resolvePtr',
  'resolveSoa', 'resolveSrv', 'resolveTlsa', 'resolveTxt', 'reverse',
];
const resolvers = {};
for (const name of RECORDS) resolvers[name] = unsupported(name);

const promises = {
  lookup(hostname, options) {
    return new Promise((resolve, reject) => {
      const all = typeof options === 'object' && options?.all;
      lookup(hostname, options ?? {}, (error, address, family) => {
        if (error) reject(error);
        else resolve(all ? address : { address, family });
      });
    });
  },
  lookupService: (address, port) => new Promise((resolve, reject) => {
    lookupService(address, port, (error, hostname, service) => (error ? reject(error) : resolve({ hostname, service })));
  }),
  getDefaultResultOrder,
  setDefaultResultOrder,
  ...CODES,
};
for (const name of RECORDS) promises[name] = () => Promise.reject(new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`dns.${name}`));

module.exports = {
  lookup, lookupService, ...resolvers, getDefaultResultOrder, setDefaultResultOrder, ...HINTS, ...CODES,
};
Object.defineProperty(module.exports, 'promises', { __proto__: null, configurable: true, enumerable: true, get: () => promises });
