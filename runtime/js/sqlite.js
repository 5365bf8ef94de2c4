// node:sqlite: DatabaseSync, StatementSync, backup. The database itself is native.
//
// Native helpers: require('./sqlite_native'), see runtime/src/node/sqlite.

const { codes } = require('./errors');
const native = require('./sqlite_native');

const { isUint8Array } = require('util').types;

const { defineProperty, freeze } = Object;

process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');

// Text without a statement: spaces, semicolons, comments.
const blank = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[^]*?(?:\*\/|$))*$/;

/** An error of Node whose text is not one of its templates. */
function coded(Class, code, text) {
  return defineProperty(new Class(text), 'code', { __proto__: null, value: code, enumerable: true, configurable: true, writable: true });
}

const wrongType = (text) => coded(TypeError, 'ERR_INVALID_ARG_TYPE', text);
const wrongState = (text) => coded(Error, 'ERR_INVALID_STATE', text);

function pathOf(path) {
  let text;
  if (typeof path === 'string') {
    text = path;
  } else if (isUint8Array(path)) {
    text = Buffer.from(path).toString();
  } else if (typeof path === 'object' && path !== null && typeof path.href === 'string') {
    if (!path.href.startsWith('file:')) throw coded(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file:');
    text = path.href;
  }
  if (text === undefined || text.includes('\0')) throw wrongType('The "path" argument must be a string, Uint8Array, or URL without null bytes.');
  return text;
}

function option(options, name, type, article, fallback) {
  const value = options?.[name];
  if (value === undefined) return fallback;
  const fits = type === 'integer' ? Number.isInteger(value) : typeof value === type;
  if (!fits) throw wrongType(`The "options.${name}" argument must be ${article} ${type}.`);
  return value;
}

const flag = (options, name, fallback = false) => option(options, name, 'boolean', 'a', fallback);

function objectOf(options) {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) throw wrongType('The "options" argument must be an object.');
  return options;
}

function sqlOf(sql) {
  if (typeof sql !== 'string') throw wrongType('The "sql" argument must be a string.');
  return sql;
}

function booleanOf(value, name) {
  if (typeof value !== 'boolean') throw wrongType(`The "${name}" argument must be a boolean.`);
  return value;
}

const limitNames = ['length', 'sqlLength', 'column', 'exprDepth', 'compoundSelect', 'vdbeOp', 'functionArg', 'attach', 'likePatternLength', 'variableNumber', 'triggerDepth'];

function limitOf(value) {
  if (value === Infinity) return 0x7fffffff;
  if (!Number.isInteger(value)) throw wrongType('Limit value must be a non-negative integer or Infinity.');
  if (value < 0) throw coded(RangeError, 'ERR_OUT_OF_RANGE', 'Limit value must be non-negative.');
  return value;
}

function limitsOf(handle) {
  const limits = Object.fromEntries(limitNames.map((name, i) => [name, native.limit(handle(), i)]));
  return new Proxy(limits, {
    __proto__: null,
    get(target, name) {
      const i = limitNames.indexOf(name);
      return i < 0 ? target[name] : native.limit(handle(), i);
    },
    set(target, name, value) {
      const i = limitNames.indexOf(name);
      target[name] = i < 0 ? value : native.limit(handle(), i, limitOf(value));
      return true;
    },
  });
}

function unavailable(name) {
  return () => {
    throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(`node:sqlite ${name}`);
  };
}

// What only this file may make.
const internal_ = Symbol('internal');


class DatabaseSync {
  #path;
  #options;
  #handle;
  #limits;

  constructor(path, options) {
    this.#path = pathOf(path);
    options = objectOf(options);
    this.#options = {
      readOnly: flag(options, 'readOnly'),
      foreignKeys: flag(options, 'enableForeignKeyConstraints', true),
      strings: flag(options, 'enableDoubleQuotedStringLiterals'),
      extension: flag(options, 'allowExtension'),
      timeout: option(options, 'timeout', 'integer', 'an', 0),
      defensive: flag(options, 'defensive', true),
      statements: {
        readBigInts: flag(options, 'readBigInts'),
        returnArrays: flag(options, 'returnArrays'),
        bare: flag(options, 'allowBareNamedParameters', true),
        unknown: flag(options, 'allowUnknownNamedParameters'),
      },
      limits: [],
    };
    for (const [i, name] of limitNames.entries()) {
      const value = options?.limits?.[name];
      if (value === undefined) continue;
      if (value !== Infinity && !Number.isInteger(value)) throw wrongType(`The "options.limits.${name}" argument must be an integer.`);
      this.#options.limits.push([i, limitOf(value)]);
    }
    const getter = (name, get) => defineProperty(this, name, { __proto__: null, configurable: false, enumerable: true, get });
    getter('isOpen', () => this.#handle !== undefined);
    getter('isTransaction', () => native.inTransaction(this.#opened()));
    getter('limits', () => this.#limits ??= limitsOf(() => this.#opened()));
    this[Symbol.for('sqlite-type')] = 'node:sqlite';
    if (flag(options, 'open', true)) this.open();
  }

  #opened() {
    if (this.#handle === undefined) throw wrongState('database is not open');
    return this.#handle;
  }

  open() {
    if (this.#handle !== undefined) throw wrongState('database is already open');
    const { readOnly, foreignKeys, strings, timeout, defensive, limits } = this.#options;
    this.#handle = native.open(this.#path, readOnly, foreignKeys, strings, timeout, defensive);
    for (const [i, value] of limits) native.limit(this.#handle, i, value);
  }

  close() {
    native.close(this.#opened());
    this.#handle = undefined;
  }

  [Symbol.dispose]() {
    if (this.#handle !== undefined) this.close();
  }

  exec(sql) {
    const handle = this.#opened();
    native.exec(handle, sqlOf(sql));
  }

  prepare(sql, options) {
    const handle = this.#opened();
    sqlOf(sql);
    options = objectOf(options);
    if (blank.test(sql)) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', 'The SQL query contains no statements.');
    const { statements } = this.#options;
    const settings = {
      readBigInts: flag(options, 'readBigInts', statements.readBigInts),
      returnArrays: flag(options, 'returnArrays', statements.returnArrays),
      bare: flag(options, 'allowBareNamedParameters', statements.bare),
      unknown: flag(options, 'allowUnknownNamedParameters', statements.unknown),
    };
    return new StatementSync(internal_, native.prepare(handle, sql), settings);
  }

  function(name, options, fn) {
    const handle = this.#opened();
    if (typeof name !== 'string') throw wrongType('The "name" argument must be a string.');
    if (fn === undefined) {
      fn = options;
      options = undefined;
    } else {
      objectOf(options ?? null);
    }
    const bigints = flag(options, 'useBigIntArguments');
    const varargs = flag(options, 'varargs');
    const deterministic = flag(options, 'deterministic');
    const directOnly = flag(options, 'directOnly');
    if (typeof fn !== 'function') throw wrongType('The "function" argument must be a function.');
    native.createFunction(handle, name, varargs ? -1 : fn.length, [deterministic, directOnly, bigints], fn);
  }

  aggregate(name, options) {
    const handle = this.#opened();
    if (typeof name !== 'string') throw wrongType('The "name" argument must be a string.');
    const start = options.start;
    const { step, result, inverse } = options;
    if (start === undefined) throw wrongType('The "options.start" argument must be a function or a primitive value.');
    if (typeof step !== 'function') throw wrongType('The "options.step" argument must be a function.');
    if (result !== undefined && typeof result !== 'function') throw wrongType('The "options.result" argument must be a function.');
    const bigints = flag(options, 'useBigIntArguments');
    const varargs = flag(options, 'varargs');
    const directOnly = flag(options, 'directOnly');
    if (inverse !== undefined && typeof inverse !== 'function') throw wrongType('The "options.inverse" argument must be a function.');
    // The accumulator is the first parameter of each.
    const count = varargs ? -1 : Math.max(step.length, inverse?.length ?? 0, 1) - 1;
    native.createAggregate(handle, name, count, [directOnly, bigints], typeof start === 'function' ? start : () => start, step, inverse, result);
  }

  location(name = 'main') {
    const handle = this.#opened();
    if (typeof name !== 'string') throw wrongType('The "dbName" argument must be a string.');
    return native.location(handle, name);
  }

  serialize(name = 'main') {
    const handle = this.#opened();
    if (typeof name !== 'string') throw wrongType('The "dbName" argument must be a string.');
    return native.serialize(handle, name);
  }

  deserialize(buffer, options) {
    const handle = this.#opened();
    if (!isUint8Array(buffer)) throw wrongType('The "buffer" argument must be a Uint8Array.');
    options = objectOf(options);
    native.deserialize(handle, buffer, option(options, 'dbName', 'string', 'a', 'main'));
  }

  enableDefensive(active) {
    const handle = this.#opened();
    native.setDefensive(handle, booleanOf(active, 'active'));
  }

  enableLoadExtension(allow) {
    this.#opened();
    booleanOf(allow, 'allow');
    if (allow && !this.#options.extension) throw wrongState('Cannot enable extension loading because it was disabled at database creation.');
  }

  loadExtension() {
    this.#opened();
    if (!this.#options.extension) throw wrongState('extension loading is not allowed');
    unavailable('extensions')();
  }

  createTagStore(capacity = 1000) {
    this.#opened();
    return new SQLTagStore(internal_, this, capacity);
  }

  static {
    const handleOf = (db) => db.#opened();
    DatabaseSync.handleOf = handleOf;
  }
}
const { handleOf } = DatabaseSync;
delete DatabaseSync.handleOf;
Object.assign(DatabaseSync.prototype, {
  createSession: unavailable('sessions'),
  applyChangeset: unavailable('sessions'),
  setAuthorizer: unavailable('authorizers'),
});

class StatementSync {
  #handle;
  #settings;
  // Counts executions: an iterator ends when its statement is used otherwise.
  #turn = 0;

  constructor(internal, handle, settings) {
    if (internal !== internal_) throw coded(Error, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#handle = handle;
    this.#settings = settings;
    const getter = (name, expanded) => defineProperty(this, name, { __proto__: null, configurable: false, enumerable: true, get: () => native.sql(handle, expanded) });
    getter('sourceSQL', false);
    getter('expandedSQL', true);
  }

  #begin(args) {
    const { bare, unknown } = this.#settings;
    native.bind(this.#handle, args, [bare, unknown]);
    this.#turn++;
  }

  iterate(...args) {
    this.#begin(args);
    const turn = this.#turn;
    const end = () => native.reset(this.#handle);
    return new StatementSyncIterator(internal_, () => {
      if (native.isFinalized(this.#handle)) throw wrongState('statement has been finalized');
      if (turn !== this.#turn) throw wrongState('iterator was invalidated');
      return native.step(this.#handle, this.#settings.readBigInts, this.#settings.returnArrays);
    }, end);
  }

  all(...args) {
    this.#begin(args);
    try {
      return native.all(this.#handle, this.#settings.readBigInts, this.#settings.returnArrays);
    } finally {
      native.reset(this.#handle);
    }
  }

  get(...args) {
    this.#begin(args);
    try {
      return native.step(this.#handle, this.#settings.readBigInts, this.#settings.returnArrays);
    } finally {
      native.reset(this.#handle);
    }
  }

  run(...args) {
    this.#begin(args);
    try {
      native.step(this.#handle, true, true);
    } finally {
      native.reset(this.#handle);
    }
    const [changes, lastInsertRowid] = native.changes(this.#handle, this.#settings.readBigInts);
    return { changes, lastInsertRowid };
  }

  columns() {
    return native.columns(this.#handle);
  }

  #set(name, value, shown) {
    if (native.isFinalized(this.#handle)) throw wrongState('statement has been finalized');
    this.#settings[name] = booleanOf(value, shown);
  }

  setAllowBareNamedParameters(value) {
    this.#set('bare', value, 'allowBareNamedParameters');
  }

  setAllowUnknownNamedParameters(value) {
    this.#set('unknown', value, 'enabled');
  }

  setReadBigInts(value) {
    this.#set('readBigInts', value, 'readBigInts');
  }

  setReturnArrays(value) {
    this.#set('returnArrays', value, 'returnArrays');
  }
}

class StatementSyncIterator extends Iterator {
  #next;
  #end;
  #done = false;

  constructor(internal, next, end) {
    if (internal !== internal_) throw coded(Error, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    super();
    this.#next = next;
    this.#end = end;
  }

  next() {
    if (!this.#done) {
      const value = this.#next();
      if (value !== undefined) return { __proto__: null, done: false, value };
      this.#done = true;
    }
    return { __proto__: null, done: true, value: null };
  }

  return() {
    if (!this.#done) {
      this.#done = true;
      this.#end();
    }
    return { __proto__: null, done: true, value: null };
  }
}

/** Prepared statements by the texts of template literals, the one used longest ago first. */
class SQLTagStore {
  #db;
  #capacity;
  #statements = new Map();

  constructor(internal, db, capacity) {
    if (internal !== internal_) throw coded(Error, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#db = db;
    this.#capacity = capacity;
    const getter = (name, get) => defineProperty(this, name, { __proto__: null, configurable: false, enumerable: true, get });
    getter('capacity', () => this.#capacity);
    getter('db', () => this.#db);
    getter('size', () => this.#statements.size);
  }

  #statement(strings) {
    handleOf(this.#db);
    if (!Array.isArray(strings) || !strings.every((part) => typeof part === 'string')) {
      throw wrongType('First argument must be an array of strings (template literal).');
    }
    const sql = strings.join('?');
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > this.#capacity) this.#statements.delete(this.#statements.keys().next().value);
    return statement;
  }

  get(strings, ...values) { return this.#statement(strings).get(...values); }
  all(strings, ...values) { return this.#statement(strings).all(...values); }
  iterate(strings, ...values) { return this.#statement(strings).iterate(...values); }
  run(strings, ...values) { return this.#statement(strings).run(...values); }
  clear() { this.#statements.clear(); }
}

class Session {
  constructor() {
    throw coded(Error, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
  }
}

/** The class as programs see it: its methods are enumerable, and it asks for `new` as Node does. */
function published(Class, length = 0) {
  const { prototype } = Class;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[name];
    if (name === 'constructor') continue;
    defineProperty(method, 'length', { __proto__: null, configurable: true, value: length });
    defineProperty(prototype, name, { __proto__: null, configurable: true, enumerable: true, writable: true, value: method });
  }
  const shown = { [Class.name]: function(...args) {
    if (new.target === undefined) throw coded(TypeError, 'ERR_CONSTRUCT_CALL_REQUIRED', 'Cannot call constructor without `new`');
    return Reflect.construct(Class, args, new.target);
  } }[Class.name];
  shown.prototype = prototype;
  // It comes last, as in Node.
  delete prototype.constructor;
  defineProperty(prototype, 'constructor', { __proto__: null, configurable: true, enumerable: false, writable: true, value: shown });
  return shown;
}

function backup(db, path, options) {
  if (typeof db !== 'object' || db === null) throw wrongType('The "sourceDb" argument must be an object.');
  const handle = handleOf(db);
  const target = pathOf(path);
  options = objectOf(options);
  const rate = option(options, 'rate', 'integer', 'an', 100);
  const from = option(options, 'source', 'string', 'a', 'main');
  const to = option(options, 'target', 'string', 'a', 'main');
  const progress = options?.progress;
  if (progress !== undefined && typeof progress !== 'function') throw wrongType('The "options.progress" argument must be a function.');
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        const steps = native.backup(handle, target, from, to, rate);
        for (const [remainingPages, totalPages] of steps.slice(0, -1)) progress?.({ totalPages, remainingPages });
        resolve(steps.at(-1)[1]);
      } catch (error) {
        reject(error);
      }
    });
  });
}

const actions = ['CREATE_INDEX', 'CREATE_TABLE', 'CREATE_TEMP_INDEX', 'CREATE_TEMP_TABLE', 'CREATE_TEMP_TRIGGER', 'CREATE_TEMP_VIEW', 'CREATE_TRIGGER', 'CREATE_VIEW',
  'DELETE', 'DROP_INDEX', 'DROP_TABLE', 'DROP_TEMP_INDEX', 'DROP_TEMP_TABLE', 'DROP_TEMP_TRIGGER', 'DROP_TEMP_VIEW', 'DROP_TRIGGER', 'DROP_VIEW', 'INSERT', 'PRAGMA', 'READ',
  'SELECT', 'TRANSACTION', 'UPDATE', 'ATTACH', 'DETACH', 'ALTER_TABLE', 'REINDEX', 'ANALYZE', 'CREATE_VTABLE', 'DROP_VTABLE', 'FUNCTION', 'SAVEPOINT'];

module.exports = {
  DatabaseSync: published(DatabaseSync),
  StatementSync: published(StatementSync),
  Session: published(Session),
  constants: freeze({
    SQLITE_CHANGESET_OMIT: 0,
    SQLITE_CHANGESET_REPLACE: 1,
    SQLITE_CHANGESET_ABORT: 2,
    SQLITE_CHANGESET_DATA: 1,
    SQLITE_CHANGESET_NOTFOUND: 2,
    SQLITE_CHANGESET_CONFLICT: 3,
    SQLITE_CHANGESET_CONSTRAINT: 4,
    SQLITE_CHANGESET_FOREIGN_KEY: 5,
    SQLITE_OK: 0,
    SQLITE_DENY: 1,
    SQLITE_IGNORE: 2,
    ...Object.fromEntries(actions.map((name, i) => [`SQLITE_${name}`, i + 1])),
    SQLITE_COPY: 0,
    SQLITE_RECURSIVE: 33,
  }),
  backup,
};
