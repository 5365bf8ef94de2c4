// Node's coded errors, from one table: code, class, message.
//
//   const { codes, errorWithCode } = require('./errors');
//   throw new codes.ERR_INVALID_ARG_TYPE('path', 'string', value);
//
// An error made here is an ordinary TypeError (RangeError, Error …) with an own enumerable `code`, whose stack and toString() show
// `TypeError [ERR_X]: message`, as Node's do. The native side reads the same table through `messageFor(code, args)`.
//
// Native helpers: binding.getSystemErrors() -> [[errno, 'ENOENT', 'no such file or directory'], …] (errno negative).

const { assign, defineProperty, getOwnPropertyDescriptor } = Object;
const { isArray } = Array;
const captureStackTrace = Error.captureStackTrace;

let inspectModule;
const inspect = (value, options) => (inspectModule ??= require('./inspect')).inspect(value, options);

// ---- words ----------------------------------------------------------------

// "a", "a or b", "a, b, or c"
function listed(items, word) {
  if (items.length < 3) return items.join(` ${word} `);
  return `${items.slice(0, -1).join(', ')}, ${word} ${items[items.length - 1]}`;
}

/** What stands after "Received" in argument errors. */
function received(value) {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'function': return `function ${value.name}`;
    case 'object': {
      const constructor = value.constructor;
      if (constructor && 'name' in constructor) return `an instance of ${constructor.name}`;
      return inspect(value, { depth: -1 });
    }
    case 'string': {
      const shown = value.length > 28 ? `${value.slice(0, 25)}...` : value;
      return `type string (${inspect(shown)})`;
    }
    default: return `type ${typeof value} (${inspect(value, { colors: false })})`;
  }
}

const TYPE_NAMES = new Set(['string', 'function', 'number', 'object', 'Function', 'Object', 'boolean', 'bigint', 'symbol']);
const className = /^([A-Z][a-z0-9]*)+$/;

function argumentTypeMessage(name, expected, actual) {
  if (!isArray(expected)) expected = [expected];
  const kind = name.includes('.') ? 'property' : 'argument';
  const subject = name.endsWith(' argument') ? `The ${name}` : `The "${name}" ${kind}`;
  return `${subject} must be ${expectation(expected)}. Received ${received(actual)}`;
}

// Types, then classes, then anything else, each in its own words.
function expectation(expected) {
  const types = [];
  const classes = [];
  const others = [];
  for (const item of expected) {
    if (TYPE_NAMES.has(item)) types.push(item.toLowerCase());
    else if (className.test(item)) classes.push(item);
    else others.push(item);
  }
  if (classes.length > 0) {
    const at = types.indexOf('object');
    if (at !== -1) {
      types.splice(at, 1);
      classes.push('Object');
    }
  }
  const parts = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${listed(types, 'or')}`);
  if (classes.length > 0) parts.push(`an instance of ${listed(classes, 'or')}`);
  if (others.length > 1) parts.push(`one of ${listed(others, 'or')}`);
  else if (others.length === 1) parts.push(others[0].toLowerCase() === others[0] ? others[0] : `an ${others[0]}`);
  return parts.join(' or ');
}

function withUnderscores(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, '_');
}

function outOfRangeMessage(name, range, input, replaceDefault = false) {
  const text = replaceDefault ? name : `The value of "${name}" is out of range.`;
  let shown;
  if (Number.isInteger(input) && Math.abs(input) > 2 ** 32) {
    shown = withUnderscores(String(input));
  } else if (typeof input === 'bigint') {
    shown = String(input);
    if (input > 2n ** 32n || input < -(2n ** 32n)) shown = withUnderscores(shown);
    shown += 'n';
  } else {
    shown = inspect(input);
  }
  return `${text} It must be ${range}. Received ${shown}`;
}

function argumentValueMessage(name, value, reason = 'is invalid') {
  let shown = inspect(value);
  if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
  return `The ${name.includes('.') ? 'property' : 'argument'} '${name}' ${reason}. Received ${shown}`;
}

function missingArgsMessage(...names) {
  const quoted = names.map((name) => (isArray(name) ? name.map((n) => `"${n}"`).join(' or ') : `"${name}"`));
  return `The ${listed(quoted, 'and')} argument${quoted.length > 1 ? 's' : ''} must be specified`;
}

const from = (base) => (base ? ` imported from ${base}` : '');

function packageTargetMessage(folder, key, target, isImport = false, base = undefined) {
  const relative = typeof target === 'string' && !isImport && target.length > 0 && !target.startsWith('./');
  const hint = relative ? '; targets must start with "./"' : '';
  if (key === '.') return `Invalid "exports" main target ${JSON.stringify(target)} defined in the package config ${folder}package.json${from(base)}${hint}`;
  return `Invalid "${isImport ? 'imports' : 'exports'}" target ${JSON.stringify(target)} defined for '${key}' in the package config ${folder}package.json${from(base)}${hint}`;
}

function notExportedMessage(folder, subpath, base = undefined) {
  if (subpath === '.') return `No "exports" main defined in ${folder}package.json${from(base)}`;
  return `Package subpath '${subpath}' is not defined by "exports" in ${folder}package.json${from(base)}`;
}

function unknownOptionMessage(option, allowPositionals) {
  const hint = allowPositionals ? `. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- ${JSON.stringify(option)}` : '';
  return `Unknown option '${option}'${hint}`;
}

const itself = (message) => message;

// ---- the table ------------------------------------------------------------

// code: [class, message or function of the arguments, names of own properties that take the arguments by position]
const TABLE = {
  __proto__: null,
  ERR_ACCESS_DENIED: [Error, itself, [undefined, 'permission', 'resource']],
  ERR_AMBIGUOUS_ARGUMENT: [TypeError, (a, reason) => `The "${a}" argument is ambiguous. ${reason}`],
  ERR_ARG_NOT_ITERABLE: [TypeError, (a) => `${a} must be iterable`],
  ERR_ASSERTION: [Error, itself],
  ERR_ASYNC_CALLBACK: [TypeError, (a) => `${a} must be a function`],
  ERR_ASYNC_TYPE: [TypeError, (a) => `Invalid name for async "type": ${a}`],
  ERR_BUFFER_OUT_OF_BOUNDS: [RangeError, (name) => (name ? `"${name}" is outside of buffer bounds` : 'Attempt to access memory outside buffer bounds')],
  ERR_BUFFER_TOO_LARGE: [RangeError, (size) => `Cannot create a Buffer larger than ${size} bytes`],
  ERR_CHILD_PROCESS_IPC_REQUIRED: [Error, (a) => `Forked processes must have an IPC channel, missing value 'ipc' in ${a}`],
  ERR_CHILD_PROCESS_STDIO_MAXBUFFER: [RangeError, (a) => `${a} maxBuffer length exceeded`],
  ERR_CONSOLE_WRITABLE_STREAM: [TypeError, (name) => `Console expects a writable stream instance for ${name}`],
  ERR_CONSTRUCT_CALL_REQUIRED: [TypeError, (name) => `Class constructor ${name} cannot be invoked without \`new\``],
  ERR_DIR_CLOSED: [Error, 'Directory handle was closed'],
  ERR_DIR_CONCURRENT_OPERATION: [Error, 'Cannot do synchronous work on directory handle with concurrent asynchronous operations'],
  ERR_DNS_SET_SERVERS_FAILED: [Error, (error, servers) => `c-ares failed to set servers: "${error}" [${servers}]`],
  ERR_ENCODING_INVALID_ENCODED_DATA: [TypeError, (encoding) => `The encoded data was not valid for encoding ${encoding}`, [undefined, 'errno']],
  ERR_ENCODING_NOT_SUPPORTED: [RangeError, (encoding) => `The "${encoding}" encoding is not supported`],
  ERR_EVAL_ESM_CANNOT_PRINT: [Error, '--print cannot be used with ESM input'],
  ERR_EVENT_RECURSION: [Error, (name) => `The event "${name}" is already being dispatched`],
  ERR_FALSY_VALUE_REJECTION: [Error, () => 'Promise was rejected with falsy value', ['reason']],
  ERR_NOT_BUILDING_SNAPSHOT: [Error, 'Operation cannot be invoked when not building startup snapshot'],
  ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: [TypeError, (a) => `The feature ${a} is unavailable on the current platform, which is being used to run Node.js`],
  ERR_FS_WATCH_QUEUE_OVERFLOW: [Error, (size) => `fs.watch() queued more than ${size} events`],
  ERR_FS_FILE_TOO_LARGE: [RangeError, (size) => `File size (${size}) is greater than 2 GiB`],
  ERR_HTTP_BODY_NOT_ALLOWED: [Error, 'Adding content for this request method or response status is not allowed.'],
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: [Error, (body, header) => `Response body's content-length of ${body} byte(s) does not match the content-length of ${header} byte(s) set in header`],
  ERR_HTTP_HEADERS_SENT: [Error, (verb) => `Cannot ${verb} headers after they are sent to the client`],
  ERR_HTTP_INVALID_HEADER_VALUE: [TypeError, (value, name) => `Invalid value "${value}" for header "${name}"`],
  ERR_HTTP_INVALID_STATUS_CODE: [RangeError, (status) => `Invalid status code: ${status}`],
  ERR_HTTP_REQUEST_TIMEOUT: [Error, 'Request timeout'],
  ERR_HTTP_SOCKET_ASSIGNED: [Error, 'ServerResponse has an already assigned socket'],
  ERR_HTTP_SOCKET_ENCODING: [Error, 'Changing the socket encoding is not allowed per RFC7230 Section 3.'],
  ERR_HTTP_TRAILER_INVALID: [Error, 'Trailers are invalid with this transfer encoding'],
  ERR_ILLEGAL_CONSTRUCTOR: [TypeError, 'Illegal constructor'],
  ERR_IMPORT_ATTRIBUTE_MISSING: [TypeError, (url, key, value) => `Module "${url}" needs an import attribute of "${key}: ${value}"`],
  ERR_IMPORT_ATTRIBUTE_TYPE_INCOMPATIBLE: [TypeError, (url, type) => `Module "${url}" is not of type "${type}"`],
  ERR_IMPORT_ATTRIBUTE_UNSUPPORTED: [TypeError, (key, value, url) => `Import attribute "${key}" with value "${value}" is not supported${url ? ` in ${url}` : ''}`],
  ERR_INCOMPATIBLE_OPTION_PAIR: [TypeError, (a, b) => `Option "${a}" cannot be used in combination with option "${b}"`],
  ERR_INPUT_TYPE_NOT_ALLOWED: [Error, '--input-type can only be used with string input via --eval, --print, or STDIN'],
  ERR_INTERNAL_ASSERTION: [Error, (message) => `${message === undefined ? '' : `${message}\n`}This is caused by either a bug in Node.js or incorrect usage of Node.js internals.\nPlease open an issue with this stack trace at https://github.com/nodejs/node/issues\n`],
  ERR_INVALID_ADDRESS_FAMILY: [RangeError, (type, host, port) => `Invalid address family: ${type} ${host}:${port}`, [undefined, 'host', 'port']],
  ERR_INVALID_ARG_TYPE: [TypeError, argumentTypeMessage],
  ERR_INVALID_ARG_VALUE: [TypeError, argumentValueMessage],
  ERR_INVALID_ASYNC_ID: [RangeError, (name, value) => `Invalid ${name} value: ${value}`],
  ERR_INVALID_BUFFER_SIZE: [RangeError, (size) => `Buffer size must be a multiple of ${size}`],
  ERR_INVALID_CHAR: [TypeError, (name, field) => `Invalid character in ${name}${field === undefined ? '' : ` ["${field}"]`}`],
  ERR_INVALID_CURSOR_POS: [TypeError, 'Cannot set cursor row without setting its column'],
  ERR_INVALID_FD: [RangeError, (fd) => `"fd" must be a positive integer: ${fd}`],
  ERR_INVALID_FD_TYPE: [TypeError, (type) => `Unsupported fd type: ${type}`],
  ERR_INVALID_FILE_URL_HOST: [TypeError, (platform) => `File URL host must be "localhost" or empty on ${platform}`],
  ERR_INVALID_FILE_URL_PATH: [TypeError, (reason) => `File URL path ${reason}`, [undefined, 'input']],
  ERR_INVALID_HANDLE_TYPE: [TypeError, 'This handle type cannot be sent'],
  ERR_INVALID_HTTP_TOKEN: [TypeError, (name, field) => `${name} must be a valid HTTP token ["${field}"]`],
  ERR_INVALID_IP_ADDRESS: [TypeError, (address) => `Invalid IP address: ${address}`],
  ERR_INVALID_MIME_SYNTAX: [TypeError, (production, text, at) => `The MIME syntax for a ${production} in ${JSON.stringify(String(text))} is invalid${at !== -1 ? ` at ${at}` : ''}`],
  ERR_INVALID_MODULE_SPECIFIER: [TypeError, (specifier, reason, base) => `Invalid module "${specifier}" ${reason}${from(base)}`],
  ERR_INVALID_PACKAGE_CONFIG: [Error, (path, base, message) => `Invalid package config ${path}${base ? ` while importing ${base}` : ''}${message ? `. ${message}` : ''}`],
  ERR_INVALID_PACKAGE_TARGET: [Error, packageTargetMessage],
  ERR_INVALID_PROTOCOL: [TypeError, (actual, expected) => `Protocol "${actual}" not supported. Expected "${expected}"`],
  ERR_INVALID_RETURN_PROPERTY: [TypeError, (input, name, property, value) => `Expected a valid ${input} to be returned for the "${property}" from the "${name}" hook but got ${received(value)}.`],
  ERR_INVALID_RETURN_PROPERTY_VALUE: [TypeError, (input, name, property, value) => `Expected ${input} to be returned for the "${property}" from the "${name}" hook but got ${received(value)}.`],
  ERR_INVALID_RETURN_VALUE: [TypeError, (input, name, value) => `Expected ${input} to be returned from the "${name}" function but got ${received(value)}.`],
  ERR_INVALID_STATE: [Error, (state) => `Invalid state: ${state}`],
  ERR_INVALID_SYNC_FORK_INPUT: [TypeError, (a) => `Asynchronous forks do not support Buffer, TypedArray, DataView or string input: ${a}`],
  ERR_INVALID_THIS: [TypeError, (type) => `Value of "this" must be of type ${type}`],
  ERR_INVALID_TUPLE: [TypeError, (a, b) => `${a} must be an iterable ${b} tuple`],
  ERR_INVALID_TYPESCRIPT_SYNTAX: [SyntaxError, itself],
  ERR_INVALID_URI: [URIError, 'URI malformed'],
  ERR_INVALID_URL: [TypeError, () => 'Invalid URL', ['input', 'base']],
  ERR_INVALID_URL_SCHEME: [TypeError, (expected) => `The URL must be ${isArray(expected) ? `one of scheme ${listed(expected, 'or')}` : `of scheme ${expected}`}`],
  ERR_IPC_CHANNEL_CLOSED: [Error, 'Channel closed'],
  ERR_IPC_DISCONNECTED: [Error, 'IPC channel is already disconnected'],
  ERR_IPC_ONE_PIPE: [Error, 'Child process can have only one IPC pipe'],
  ERR_IPC_SYNC_FORK: [Error, 'IPC cannot be used with synchronous forks'],
  ERR_IP_BLOCKED: [Error, (ip) => `IP(${ip}) is blocked by net.BlockList`],
  ERR_LOADER_CHAIN_INCOMPLETE: [Error, (name) => `"${name}" did not call the next hook in its chain and did not explicitly signal a short circuit. If this is intentional, include \`shortCircuit: true\` in the hook's return.`],
  ERR_METHOD_NOT_IMPLEMENTED: [Error, (name) => `The ${name} method is not implemented`],
  ERR_MISSING_ARGS: [TypeError, missingArgsMessage],
  ERR_MISSING_OPTION: [TypeError, (name) => `${name} is required`],
  ERR_MODULE_NOT_FOUND: [Error, (path, base, exactUrl) => `Cannot find ${exactUrl ? 'module' : 'package'} '${path}' imported from ${base}`, [undefined, undefined, 'url']],
  ERR_MULTIPLE_CALLBACK: [Error, 'Callback called multiple times'],
  ERR_NO_ICU: [TypeError, (a) => `${a} is not supported on Node.js compiled without ICU`],
  ERR_OPERATION_FAILED: [Error, (a) => `Operation failed: ${a}`],
  ERR_OUT_OF_RANGE: [RangeError, outOfRangeMessage],
  ERR_PACKAGE_IMPORT_NOT_DEFINED: [TypeError, (specifier, folder, base) => `Package import specifier "${specifier}" is not defined${folder ? ` in package ${folder}package.json` : ''}${from(base)}`],
  ERR_PACKAGE_PATH_NOT_EXPORTED: [Error, notExportedMessage],
  ERR_PARSE_ARGS_INVALID_OPTION_VALUE: [TypeError, itself],
  ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL: [TypeError, (a) => `Unexpected argument '${a}'. This command does not take positional arguments`],
  ERR_PARSE_ARGS_UNKNOWN_OPTION: [TypeError, unknownOptionMessage],
  ERR_PERFORMANCE_INVALID_TIMESTAMP: [TypeError, (time) => `${time} is not a valid timestamp`],
  ERR_PERFORMANCE_MEASURE_INVALID_OPTIONS: [TypeError, itself],
  ERR_REQUIRE_CYCLE_MODULE: [Error, itself],
  ERR_SCRIPT_EXECUTION_INTERRUPTED: [Error, 'Script execution was interrupted by `SIGINT`'],
  ERR_SERVER_ALREADY_LISTEN: [Error, 'Listen method has been called more than once without closing.'],
  ERR_SERVER_NOT_RUNNING: [Error, 'Server is not running.'],
  ERR_SOCKET_ALREADY_BOUND: [Error, 'Socket is already bound'],
  ERR_SOCKET_BAD_BUFFER_SIZE: [TypeError, 'Buffer size must be a positive integer'],
  ERR_SOCKET_BAD_PORT: [RangeError, (name, port, allowZero = true) => `${name} should be ${allowZero ? '>=' : '>'} 0 and < 65536. Received ${received(port)}.`],
  ERR_SOCKET_BAD_TYPE: [TypeError, 'Bad socket type specified. Valid types are: udp4, udp6'],
  ERR_SOCKET_CLOSED: [Error, 'Socket is closed'],
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: [Error, 'Socket closed before the connection was established'],
  ERR_SOCKET_CONNECTION_TIMEOUT: [Error, 'Socket connection timeout'],
  ERR_SOCKET_DGRAM_IS_CONNECTED: [Error, 'Already connected'],
  ERR_SOCKET_DGRAM_NOT_CONNECTED: [Error, 'Not connected'],
  ERR_SOCKET_DGRAM_NOT_RUNNING: [Error, 'Not running'],
  ERR_STREAM_ALREADY_FINISHED: [Error, (name) => `Cannot call ${name} after a stream was finished`],
  ERR_STREAM_CANNOT_PIPE: [Error, 'Cannot pipe, not readable'],
  ERR_STREAM_DESTROYED: [Error, (name) => `Cannot call ${name} after a stream was destroyed`],
  ERR_STREAM_NULL_VALUES: [TypeError, 'May not write null values to stream'],
  ERR_STREAM_PREMATURE_CLOSE: [Error, 'Premature close'],
  ERR_STREAM_PUSH_AFTER_EOF: [Error, 'stream.push() after EOF'],
  ERR_STREAM_UNABLE_TO_PIPE: [Error, 'Cannot pipe to a closed or destroyed stream'],
  ERR_STREAM_UNSHIFT_AFTER_END_EVENT: [Error, 'stream.unshift() after end event'],
  ERR_STREAM_WRAP: [Error, 'Stream has StringDecoder set or is in objectMode'],
  ERR_STREAM_WRITE_AFTER_END: [Error, 'write after end'],
  ERR_TEST_FAILURE: [Error, (error) => (error !== null && typeof error === 'object' && 'message' in error ? error.message : typeof error === 'string' ? error : inspect(error)), ['cause', 'failureType']],
  ERR_TRAILING_JUNK_AFTER_STREAM_END: [TypeError, 'Trailing junk found after the end of the compressed stream'],
  ERR_UNAVAILABLE_DURING_EXIT: [Error, 'Cannot call function in process exit handler'],
  ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET: [Error, '`process.setupUncaughtExceptionCapture()` was called while a capture callback was already active'],
  ERR_UNESCAPED_CHARACTERS: [TypeError, (name) => `${name} contains unescaped characters`],
  ERR_UNHANDLED_ERROR: [Error, (error) => (error === undefined ? 'Unhandled error.' : `Unhandled error. (${error})`)],
  ERR_UNKNOWN_BUILTIN_MODULE: [Error, (name) => `No such built-in module: ${name}`],
  ERR_UNKNOWN_CREDENTIAL: [Error, (kind, id) => `${kind} identifier does not exist: ${id}`],
  ERR_UNKNOWN_ENCODING: [TypeError, (encoding) => `Unknown encoding: ${encoding}`],
  ERR_UNKNOWN_FILE_EXTENSION: [TypeError, (extension, path) => `Unknown file extension "${extension}" for ${path}`],
  ERR_UNKNOWN_MODULE_FORMAT: [RangeError, (format, url) => `Unknown module format: ${format} for URL ${url}`],
  ERR_UNKNOWN_SIGNAL: [TypeError, (signal) => `Unknown signal: ${signal}`],
  ERR_UNSUPPORTED_DIR_IMPORT: [Error, (path, base) => `Directory import '${path}' is not supported resolving ES modules imported from ${base}`, [undefined, undefined, 'url']],
  ERR_UNSUPPORTED_RESOLVE_REQUEST: [TypeError, (specifier, base) => `Failed to resolve module specifier "${specifier}" from "${base}": Invalid relative URL or base scheme is not hierarchical.`],
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX: [SyntaxError, itself],
  ERR_USE_AFTER_CLOSE: [Error, (name) => `${name} was closed`],
  ERR_VALID_PERFORMANCE_ENTRY_TYPE: [Error, 'At least one valid performance entry type is required'],
  ERR_WORKER_INIT_FAILED: [Error, (reason) => `Worker initialization failure: ${reason}`],
  ERR_WORKER_NOT_RUNNING: [Error, 'Worker instance not running'],
  ERR_WORKER_PATH: [TypeError, (path) => `The worker script or module filename must be an absolute path or a relative path starting with './' or '../'. Received "${path}"`],
  ERR_WORKER_UNSUPPORTED_OPERATION: [TypeError, (name) => `${name} is not supported in workers`],
};

/** The message of `code` for these arguments. */
function messageFor(code, args) {
  const message = TABLE[code][1];
  return typeof message === 'string' ? message : message(...args);
}

// ---- the classes ----------------------------------------------------------

// One hidden layer per error class gives coded errors their toString.
const layers = new Map();
function layerOf(Base) {
  let layer = layers.get(Base);
  if (layer === undefined) {
    layer = class extends Base {
      toString() {
        return `${this.name} [${this.code}]: ${this.message}`;
      }
    };
    // To programs the constructor is the language's own class.
    defineProperty(layer.prototype, 'constructor', { __proto__: null, value: Base, writable: true, configurable: true, enumerable: false });
    layers.set(Base, layer);
  }
  return layer;
}

// Captures the stack with the code in its first line; `above` and what it called stay out.
function stampStack(error, code, above) {
  if (typeof captureStackTrace !== 'function') return;
  defineProperty(error, 'name', { __proto__: null, value: `${error.name} [${code}]`, configurable: true, writable: true, enumerable: false });
  captureStackTrace(error, above);
  // The text is made when it is first read: now, while the name is there.
  void error.stack;
  delete error.name;
}

/** An error of class Base with this code and message; `above` is the function that the stack starts below. */
function errorWithCode(Base, code, message, above) {
  const limit = Error.stackTraceLimit;
  const writable = isWritable(Error, 'stackTraceLimit');
  // No stack is wanted twice: it is captured once more below, with the code in its first line.
  if (writable) Error.stackTraceLimit = 0;
  const error = new (layerOf(Base))();
  if (writable) Error.stackTraceLimit = limit;
  error.code = code;
  defineProperty(error, 'message', { __proto__: null, value: message, enumerable: false, writable: true, configurable: true });
  stampStack(error, code, above ?? errorWithCode);
  return error;
}

function isWritable(object, key) {
  const descriptor = getOwnPropertyDescriptor(object, key);
  if (descriptor === undefined) return Object.isExtensible(object);
  return descriptor.writable === true || descriptor.set !== undefined;
}

function makeConstructor(code, Base) {
  const fields = TABLE[code][2];
  const NodeError = function NodeError(...args) {
    const error = errorWithCode(Base, code, messageFor(code, args), NodeError);
    if (fields !== undefined) {
      for (let i = 0; i < fields.length; i++) if (fields[i] !== undefined && args[i] !== undefined) error[fields[i]] = args[i];
    }
    return error;
  };
  return NodeError;
}

/** codes.ERR_X: constructors, made when first asked for; some codes also come as `.TypeError` or `.RangeError`. */
const codes = { __proto__: null };
for (const code of Object.keys(TABLE)) {
  defineProperty(codes, code, {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() {
      const value = makeConstructor(code, TABLE[code][0]);
      for (const Other of [TypeError, RangeError, Error]) value[Other.name] = makeConstructor(code, Other);
      defineProperty(codes, code, { __proto__: null, value, configurable: true, enumerable: true, writable: true });
      return value;
    },
  });
}

// ---- system errors --------------------------------------------------------

let systemErrors;
function systemErrorMap() {
  if (systemErrors === undefined) {
    systemErrors = new Map();
    for (const [number, name, message] of binding.getSystemErrors()) systemErrors.set(number, [name, message]);
  }
  return systemErrors;
}

/** `ENOENT: no such file or directory, open 'x'`: the error of a failed system call, as fs throws it. */
function uvException({ errno, syscall, path, dest, message }) {
  const [code, text] = systemErrorMap().get(errno) ?? ['UNKNOWN', 'unknown error'];
  let full = `${code}: ${message || text}, ${syscall}`;
  if (path) full += ` '${path}'`;
  if (dest) full += ` -> '${dest}'`;
  const error = new Error(full);
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (path) error.path = String(path);
  if (dest) error.dest = String(dest);
  if (typeof captureStackTrace === 'function') captureStackTrace(error, uvException);
  return error;
}

/** util._errnoException: `syscall CODE original` */
function errnoException(errno, syscall, original) {
  const code = (systemErrorMap().get(errno) ?? [`Unknown system error ${errno}`])[0];
  const error = new Error(original ? `${syscall} ${code} ${original}` : `${syscall} ${code}`);
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (typeof captureStackTrace === 'function') captureStackTrace(error, errnoException);
  return error;
}

/** util._exceptionWithHostPort: a failed network call with where it went. */
function exceptionWithHostPort(errno, syscall, address, port, additional) {
  const code = (systemErrorMap().get(errno) ?? [`Unknown system error ${errno}`])[0];
  let details = '';
  if (port && port > 0) details = ` ${address}:${port}`;
  else if (address) details = ` ${address}`;
  if (additional) details += ` - Local (${additional})`;
  const error = new Error(`${syscall} ${code}${details}`);
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  error.address = address;
  if (port) error.port = port;
  if (typeof captureStackTrace === 'function') captureStackTrace(error, exceptionWithHostPort);
  return error;
}

/** What an aborted operation throws. */
class AbortError extends Error {
  constructor(message = 'The operation was aborted', options = undefined) {
    if (options !== undefined && typeof options !== 'object') throw new codes.ERR_INVALID_ARG_TYPE('options', 'Object', options);
    super(message, options);
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

module.exports = assign({ __proto__: null }, {
  codes, messageFor, errorWithCode, received, systemErrorMap, uvException, errnoException, exceptionWithHostPort, AbortError,
});
