// fs.watch (inotify, through the loop), fs.watchFile (stat every so often) and the async iterator of fs.promises.
const EventEmitter = require('events');
const fs = require('fs');
const { codes } = require('./errors');
const { AbortError } = require('./events_extra');
const { validateAbortSignal, validateBoolean, validateFunction, validateInteger, validateObject, validateOneOf, validateUint32 } = require('./validators');
const { basename, join, relative, resolve } = require('path');
const { emptyStats, toPath, watchRef, watchStart, watchStop, watchError } = require('./fs_native');

function checkedEncoding(encoding) {
  if (encoding && encoding !== 'buffer' && !Buffer.isEncoding(encoding)) {
    throw new codes.ERR_INVALID_ARG_VALUE('encoding', encoding, 'is invalid encoding');
  }
  return encoding;
}

function named(bytes, encoding) {
  if (encoding === 'buffer') return bytes;
  return bytes.toString(encoding || 'utf8');
}

// ---- fs.watch ----

class FSWatcher extends EventEmitter {
  #id;
  #children;
  #encoding;
  #closed = false;
  #referenced = true;

  /** Begins to watch; throws what the system says. */
  _start(path, { persistent = true, recursive = false, encoding } = {}) {
    this.#encoding = encoding;
    this.#referenced = persistent;
    if (recursive && isFolder(path)) {
      this.#children = new Map();
      this.#watchTree(path, path);
      return;
    }
    this.#id = this.#watchOne(path, (type, name) => this.emit('change', type, named(name, encoding)));
  }

  #watchOne(path, onEvent) {
    const id = watchStart(path, this.#referenced, (type, name, error) => {
      if (this.#closed) return;
      if (error) {
        this.emit('error', watchError(error, path));
        return;
      }
      onEvent(type, name ?? Buffer.from(basename(path)));
    });
    if (id < 0) throw watchError(-id, path);
    return id;
  }

  // One inotify watch a folder, since the kernel has none for trees. What appears later is watched, and told, when it is found.
  #watchTree(root, folder) {
    const id = this.#watchOne(folder, (type, bytes) => {
      const path = join(folder, bytes.toString());
      if (path === folder) return;
      this.#tell(type, root, path);
      if (this.#closed || type !== 'rename') return;
      if (isFolder(path)) this.#discover(root, path);
      else this.#forget(path);
    });
    this.#children.set(folder, id);
    for (const entry of entriesOf(folder)) {
      if (entry.isDirectory()) this.#watchTree(root, join(folder, entry.name));
    }
  }

  #discover(root, folder) {
    if (this.#children.has(folder)) return;
    try {
      this.#watchTree(root, folder);
    } catch (error) {
      // It was there a moment ago; that it is gone again needs no watching.
      if (error.code === 'ENOENT') return;
      throw error;
    }
    for (const entry of entriesOf(folder, { recursive: true })) {
      if (!this.#closed) this.#tell('rename', root, join(entry.parentPath, entry.name));
    }
  }

  #forget(path) {
    for (const [folder, id] of this.#children) {
      if (folder === path || folder.startsWith(`${path}/`)) {
        watchStop(id);
        this.#children.delete(folder);
      }
    }
  }

  #tell(type, root, path) {
    const name = relative(root, path);
    this.emit('change', type, this.#encoding === 'buffer' ? Buffer.from(name) : named(Buffer.from(name), this.#encoding));
  }

  #ids() {
    return this.#children ? [...this.#children.values()] : this.#id === undefined ? [] : [this.#id];
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of this.#ids()) watchStop(id);
    process.nextTick(() => this.emit('close'));
  }

  ref() {
    this.#referenced = true;
    if (!this.#closed) for (const id of this.#ids()) watchRef(id, true);
    return this;
  }

  unref() {
    this.#referenced = false;
    if (!this.#closed) for (const id of this.#ids()) watchRef(id, false);
    return this;
  }
}

function isFolder(path) {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function entriesOf(folder, options) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true, ...options });
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  }
}

function checkedOptions(options) {
  if (options === undefined || options === null) return {};
  if (typeof options === 'string') return { encoding: checkedEncoding(options) };
  if (typeof options !== 'object') throw new codes.ERR_INVALID_ARG_TYPE('options', ['string', 'Object'], options);
  checkedEncoding(options.encoding);
  validateAbortSignal(options.signal, 'options.signal');
  return { ...options };
}

function watch(filename, options, listener) {
  if (typeof options === 'function') {
    listener = options;
    options = undefined;
  }
  options = checkedOptions(options);
  const path = toPath(filename, 'filename');
  options.persistent ??= true;
  options.recursive ??= false;
  validateBoolean(options.recursive, 'options.recursive');
  validateBoolean(options.persistent, 'options.persistent');
  if (listener) validateFunction(listener, 'listener');
  const watcher = new FSWatcher();
  watcher._start(path, options);
  if (listener) watcher.addListener('change', listener);
  const { signal } = options;
  if (signal) {
    const close = () => watcher.close();
    if (signal.aborted) {
      process.nextTick(close);
    } else {
      signal.addEventListener('abort', close, { once: true });
      watcher.once('close', () => signal.removeEventListener('abort', close));
    }
  }
  return watcher;
}

// ---- fs.promises.watch ----

async function* watchPromise(filename, options = {}) {
  const path = toPath(filename, 'path');
  validateObject(options, 'options');
  const { persistent = true, recursive = false, encoding = 'utf8', maxQueue = 2048, overflow = 'ignore', signal } = options;
  validateBoolean(persistent, 'options.persistent');
  validateBoolean(recursive, 'options.recursive');
  validateInteger(maxQueue, 'options.maxQueue');
  validateOneOf(overflow, 'options.overflow', ['ignore', 'error']);
  validateAbortSignal(signal, 'options.signal');
  if (encoding && encoding !== 'buffer' && !Buffer.isEncoding(encoding)) throw new codes.ERR_INVALID_ARG_VALUE('encoding', encoding, 'is invalid encoding');
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });

  const queue = [];
  let wake = Promise.withResolvers();
  let failure;
  const fail = (error) => {
    failure = error;
    wake.resolve();
  };
  const watcher = new FSWatcher();
  const onAbort = () => fail(new AbortError(undefined, { cause: signal.reason }));
  try {
    watcher._start(path, { persistent, recursive, encoding });
    watcher.on('error', fail);
    watcher.on('change', (eventType, filename) => {
      if (queue.length < maxQueue) {
        queue.push({ __proto__: null, eventType, filename });
        wake.resolve();
      } else if (overflow === 'error') {
        queue.length = 0;
        fail(new codes.ERR_FS_WATCH_QUEUE_OVERFLOW(maxQueue));
      } else {
        process.emitWarning('fs.watch maxQueue exceeded');
      }
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    for (;;) {
      await wake.promise;
      while (queue.length > 0) yield queue.shift();
      if (failure) throw failure;
      wake = Promise.withResolvers();
    }
  } finally {
    watcher.close();
    signal?.removeEventListener('abort', onAbort);
  }
}

// ---- fs.watchFile ----

const watched = new Map();

class StatWatcher extends EventEmitter {
  #path;
  #interval;
  #bigint;
  #timer;
  #last;
  // 0: not looked yet, 1: it was there, else the code of the failure last told.
  #seen = 0;
  #persistent = true;
  #running = false;
  #references = 1;

  constructor(bigint) {
    super();
    this.#bigint = Boolean(bigint);
  }

  start(filename, persistent, interval) {
    if (this.#running) return;
    validateUint32(interval, 'interval');
    this.#path = toPath(filename, 'filename');
    this.#interval = Math.max(interval, 1);
    this.#persistent = Boolean(persistent);
    this.#running = true;
    this.#last = emptyStats(this.#bigint);
    this.#look();
  }

  #look() {
    fs.stat(this.#path, { bigint: this.#bigint }, (error, stats) => {
      if (!this.#running) return;
      if (error) {
        if (this.#seen !== error.code) this.#tell(emptyStats(this.#bigint));
        this.#seen = error.code;
      } else {
        if (this.#seen !== 0 && (this.#seen !== 1 || differ(this.#last, stats))) this.#tell(stats);
        this.#seen = 1;
        this.#last = stats;
      }
      if (!this.#running) return;
      this.#timer = setTimeout(() => this.#look(), this.#interval);
      if (!this.#persistent) this.#timer.unref();
    });
  }

  #tell(current) {
    const previous = this.#last;
    this.#last = current;
    this.emit('change', current, previous);
  }

  stop() {
    if (!this.#running) return;
    this.#running = false;
    clearTimeout(this.#timer);
    process.nextTick(() => this.emit('stop'));
  }

  /** Another listener wants it (or has gone). */
  _use(delta, persistent) {
    this.#references += delta;
    if (delta > 0 && persistent) this.ref();
  }

  ref() {
    this.#persistent = true;
    this.#timer?.ref();
    return this;
  }

  unref() {
    this.#persistent = false;
    this.#timer?.unref();
    return this;
  }
}

const COMPARED = ['ctimeMs', 'mtimeMs', 'birthtimeMs', 'size', 'dev', 'ino', 'mode', 'uid', 'gid'];
const FINER = ['ctimeNs', 'mtimeNs'];

function differ(a, b) {
  return COMPARED.some((key) => a[key] !== b[key]) || FINER.some((key) => a[key] !== b[key]);
}

function watchFile(filename, options, listener) {
  const path = resolve(toPath(filename, 'filename'));
  if (options === null || typeof options !== 'object') {
    listener = options;
    options = null;
  }
  options = { interval: 5007, persistent: true, ...options };
  validateFunction(listener, 'listener');
  let watcher = watched.get(path);
  if (watcher) {
    watcher._use(1, options.persistent);
  } else {
    watcher = new StatWatcher(options.bigint);
    watcher.start(path, options.persistent, options.interval);
    watched.set(path, watcher);
  }
  watcher.addListener('change', listener);
  return watcher;
}

function unwatchFile(filename, listener) {
  const path = resolve(toPath(filename, 'filename'));
  const watcher = watched.get(path);
  if (!watcher) return;
  if (typeof listener === 'function') {
    const before = watcher.listenerCount('change');
    watcher.removeListener('change', listener);
    if (watcher.listenerCount('change') < before) watcher._use(-1);
  } else {
    watcher.removeAllListeners('change');
  }
  if (watcher.listenerCount('change') === 0) {
    watcher.stop();
    watched.delete(path);
  }
}

module.exports = { FSWatcher, StatWatcher, unwatchFile, watch, watchFile, watchPromise };
