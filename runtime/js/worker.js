// Worker: a thread with an engine and a loop of its own, seen from the thread that started it.
//
// Native helpers: require('./worker_native').

const EventEmitter = require('events');
const { codes } = require('./errors');
const { validateArray, validateObject, validateString } = require('./validators');
const native = require('./worker_native');
const { SHARE_ENV } = require('./worker_shared');

const { defineProperty } = Object;

/** The script as `{ file }` or `{ code }`. */
function scriptOf(filename, options) {
  if (options.eval) {
    if (typeof filename !== 'string') throw new codes.ERR_INVALID_ARG_VALUE('options.eval', options.eval, "must be false when 'filename' is not a string");
    return { code: filename };
  }
  if (filename instanceof URL || (typeof filename === 'object' && filename?.href && filename.protocol)) {
    if (filename.protocol === 'data:') return { code: `import(${JSON.stringify(filename.href)})` };
    return { file: require('url').fileURLToPath(filename) };
  }
  if (typeof filename !== 'string') throw new codes.ERR_INVALID_ARG_TYPE('filename', ['string', 'URL'], filename);
  const path = require('path');
  if (!path.isAbsolute(filename) && !/^\.\.?[\\/]/.test(filename)) throw new codes.ERR_WORKER_PATH(filename);
  return { file: path.resolve(filename) };
}

/** What a worker prints, as a stream of its parent's. */
function outputOf(worker) {
  const { Readable } = require('stream');
  const stream = new Readable({ read() {} });
  defineProperty(stream, 'worker', { __proto__: null, value: worker, enumerable: false });
  return stream;
}

function inputFor(port) {
  const { Writable } = require('stream');
  return new Writable({
    write(chunk, encoding, callback) {
      port.postMessage(chunk);
      callback();
    },
    final(callback) {
      port.postMessage(null);
      callback();
    },
  });
}

const LIMITS = ['maxYoungGenerationSizeMb', 'maxOldGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];
const DEFAULT_LIMITS = { maxYoungGenerationSizeMb: 48, maxOldGenerationSizeMb: 2048, codeRangeSizeMb: 0, stackSizeMb: 4 };

function limitsOf(given) {
  const limits = { ...DEFAULT_LIMITS };
  for (const name of LIMITS) if (typeof given?.[name] === 'number') limits[name] = Math.max(given[name], 1 / 1024);
  return limits;
}

class Worker extends EventEmitter {
  #id;
  #port;
  #exited;
  #announced = Promise.withResolvers();
  #stdin = null;
  #stdinPort;
  #stdout;
  #stderr;
  #limits;
  #gone = false;

  constructor(filename, options = {}) {
    super();
    validateObject(options, 'options');
    if (options.execArgv !== undefined && options.execArgv !== null) validateArray(options.execArgv, 'options.execArgv');
    if (options.argv !== undefined) validateArray(options.argv, 'options.argv');
    if (options.name !== undefined) validateString(options.name, 'options.name');
    const { env } = options;
    if (env !== undefined && env !== null && env !== SHARE_ENV && typeof env !== 'object') {
      throw new codes.ERR_INVALID_ARG_TYPE('options.env', ['object', 'undefined', 'null', 'worker_threads.SHARE_ENV'], env);
    }
    const script = scriptOf(filename, options);
    this.#limits = limitsOf(options.resourceLimits);
    const transfer = options.transferList === undefined ? [] : [...options.transferList];
    const pairs = env === null || env === undefined || env === SHARE_ENV ? process.env : env;
    const data = {
      workerData: options.workerData,
      environment: require('./worker_shared').environment,
      env: Object.fromEntries(Object.entries(pairs).map(([name, value]) => [name, String(value)])),
      argv: (options.argv ?? []).map(String),
      execArgv: options.execArgv ?? [...process.execArgv],
      eval: Boolean(options.eval),
    };
    if (options.stdin) {
      const { port1, port2 } = new MessageChannel();
      this.#stdinPort = port1;
      this.#stdin = inputFor(port1);
      data.stdin = port2;
      transfer.push(port2);
    }
    this.#stdout = outputOf(this);
    this.#stderr = outputOf(this);
    if (!options.stdout) this.#pipe(this.#stdout, process.stdout);
    if (!options.stderr) this.#pipe(this.#stderr, process.stderr);
    const heapLimit = options.resourceLimits?.maxOldGenerationSizeMb;
    const spec = { ...script, name: options.name ?? 'WorkerThread', heapLimit };
    const started = native.start(spec, data, transfer, (kind, value) => this.#news(kind, value));
    this.#id = started.worker;
    this.#port = started.port;
    this.threadName = spec.name;
    defineProperty(this, 'threadId', { __proto__: null, value: started.threadId, configurable: true, enumerable: true, writable: true });
    this.#exited = Promise.withResolvers();
    this.#port.on('message', (message) => this.emit('message', message));
    this.#port.on('messageerror', (error) => this.emit('messageerror', error));
    // The thread itself, not its port, is what keeps this one alive.
    this.#port.unref();
    process.nextTick(() => process.emit('worker', this));
  }

  #pipe(from, to) {
    from.on('data', (chunk) => to.write(chunk));
  }

  #news(kind, value) {
    if (kind === 'stdout') {
      this.#stdout.push(value);
    } else if (kind === 'stderr') {
      this.#stderr.push(value);
    } else if (kind === 'online') {
      this.emit('online');
    } else if (kind === 'error') {
      this.#drain();
      this.emit('error', value);
    } else {
      this.#exit(value);
    }
  }

  // Messages sent before the end come before it.
  #drain() {
    const { receiveMessageOnPort } = require('./messaging');
    for (let got = receiveMessageOnPort(this.#port); got !== undefined; got = receiveMessageOnPort(this.#port)) this.emit('message', got.message);
  }

  #exit(code) {
    this.#drain();
    this.#gone = true;
    this.#port.close();
    this.#stdinPort?.close();
    this.#stdout.push(null);
    this.#stderr.push(null);
    this.threadId = -1;
    this.threadName = null;
    this.emit('exit', code);
    this.#exited.resolve(code);
    this.removeAllListeners();
  }

  postMessage(...args) {
    if (!this.#gone) this.#port.postMessage(...args);
  }

  terminate(callback) {
    this.ref();
    if (typeof callback === 'function') {
      process.emitWarning('Passing a callback to worker.terminate() is deprecated. It returns a Promise instead.', 'DeprecationWarning', 'DEP0132');
      if (this.#gone) return Promise.resolve();
      this.once('exit', (code) => callback(null, code));
    }
    if (this.#gone) return Promise.resolve();
    native.stop(this.#id);
    return this.#exited.promise;
  }

  async [Symbol.asyncDispose]() {
    await this.terminate();
  }

  ref() {
    if (!this.#gone) native.setRef(this.#id, true);
  }

  unref() {
    if (!this.#gone) native.setRef(this.#id, false);
  }

  getHeapSnapshot() {
    return Promise.reject(new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('worker.getHeapSnapshot'));
  }

  getHeapStatistics() {
    return Promise.reject(new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('worker.getHeapStatistics'));
  }

  get stdin() { return this.#stdin; }
  get stdout() { return this.#stdout; }
  get stderr() { return this.#stderr; }
  get resourceLimits() { return this.#gone ? {} : { ...this.#limits }; }
}

module.exports = { Worker };
