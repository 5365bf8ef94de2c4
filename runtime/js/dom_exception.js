// DOMException: an error object whose name, message and code are the prototype's accessors.

const { kMode, kClone, kReceive } = require('./messaging_native');
const { defineProperty, setPrototypeOf } = Object;

// Name, constant, code.
const NAMES = [
  ['IndexSizeError', 'INDEX_SIZE_ERR', 1], [undefined, 'DOMSTRING_SIZE_ERR', 2], ['HierarchyRequestError', 'HIERARCHY_REQUEST_ERR', 3],
  ['WrongDocumentError', 'WRONG_DOCUMENT_ERR', 4], ['InvalidCharacterError', 'INVALID_CHARACTER_ERR', 5], [undefined, 'NO_DATA_ALLOWED_ERR', 6],
  ['NoModificationAllowedError', 'NO_MODIFICATION_ALLOWED_ERR', 7], ['NotFoundError', 'NOT_FOUND_ERR', 8],
  ['NotSupportedError', 'NOT_SUPPORTED_ERR', 9], ['InUseAttributeError', 'INUSE_ATTRIBUTE_ERR', 10],
  ['InvalidStateError', 'INVALID_STATE_ERR', 11], ['SyntaxError', 'SYNTAX_ERR', 12], ['InvalidModificationError', 'INVALID_MODIFICATION_ERR', 13],
  ['NamespaceError', 'NAMESPACE_ERR', 14], ['InvalidAccessError', 'INVALID_ACCESS_ERR', 15], [undefined, 'VALIDATION_ERR', 16],
  ['TypeMismatchError', 'TYPE_MISMATCH_ERR', 17], ['SecurityError', 'SECURITY_ERR', 18], ['NetworkError', 'NETWORK_ERR', 19],
  ['AbortError', 'ABORT_ERR', 20], ['URLMismatchError', 'URL_MISMATCH_ERR', 21], ['QuotaExceededError', 'QUOTA_EXCEEDED_ERR', 22],
  ['TimeoutError', 'TIMEOUT_ERR', 23], ['InvalidNodeTypeError', 'INVALID_NODE_TYPE_ERR', 24], ['DataCloneError', 'DATA_CLONE_ERR', 25],
];
const codeOf = new Map(NAMES.map(([name, , code]) => [name, code]));

// Gives an object that a constructor did not make the private fields of this class.
class Stamp extends (function (object) { return object; }) {
  #name;
  #message;

  constructor(object, name, message) {
    super(object);
    this.#name = name;
    this.#message = message;
  }

  static read(object) {
    if (object === null || typeof object !== 'object' || !(#name in object)) throw invalidThis();
    return { name: object.#name, message: object.#message };
  }

  static has(object) {
    return object !== null && typeof object === 'object' && #name in object;
  }
}

// The one brand check whose message has no "type".
function invalidThis() {
  const error = new TypeError('Value of "this" must be of DOMException');
  error.code = 'ERR_INVALID_THIS';
  return error;
}

class DOMException {
  constructor(message = '', options = 'Error') {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    const self = new Error();
    Error.stackTraceLimit = limit;
    setPrototypeOf(self, new.target.prototype);
    if (options && typeof options === 'object') {
      const { name } = options;
      new Stamp(self, name === undefined ? 'Error' : `${name}`, `${message}`);
      if ('cause' in options) defineProperty(self, 'cause', { __proto__: null, value: options.cause, configurable: true, writable: true, enumerable: false });
    } else {
      new Stamp(self, `${options}`, `${message}`);
    }
    Error.captureStackTrace(self, DOMException);
    return self;
  }

  get name() {
    return Stamp.read(this).name;
  }

  get message() {
    return Stamp.read(this).message;
  }

  get code() {
    return codeOf.get(Stamp.read(this).name) ?? 0;
  }
}

setPrototypeOf(DOMException.prototype, Error.prototype);
defineProperty(DOMException.prototype, Symbol.toStringTag, { __proto__: null, value: 'DOMException', configurable: true });
for (const name of ['name', 'message', 'code']) defineProperty(DOMException.prototype, name, { __proto__: null, enumerable: true });
for (const [, constant, value] of NAMES) {
  const descriptor = { __proto__: null, enumerable: true, value };
  defineProperty(DOMException, constant, descriptor);
  defineProperty(DOMException.prototype, constant, descriptor);
}

// structuredClone
const ofOurs = { __proto__: null, configurable: true, writable: true, enumerable: false };
defineProperty(DOMException.prototype, kMode, { ...ofOurs, value: 2 });
defineProperty(DOMException.prototype, kClone, {
  ...ofOurs,
  value() {
    const { name, message } = Stamp.read(this);
    return { data: { name, message, stack: this.stack }, deserializeInfo: '/dom_exception:Cloned' };
  },
});

function Cloned() {
  return setPrototypeOf(new Error(), DOMException.prototype);
}

defineProperty(DOMException.prototype, kReceive, {
  ...ofOurs,
  value({ name, message, stack }) {
    new Stamp(this, name, message);
    this.stack = stack;
  },
});

module.exports = { Cloned, DOMException, isDOMException: Stamp.has };
