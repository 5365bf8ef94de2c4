// node:test: tests in the file that is run. Tests of one parent run one after the other, in the order they were made, unless it asks for
// more at a time. Reporters are in test_reporters.js, mocks in test_mock.js.

const { codes, errorWithCode, AbortError } = require('./errors');
const { validateAbortSignal, validateFunction, validateNumber, validateObject, validateUint32 } = require('./validators');

const { defineProperty } = Object;
const noop = () => {};

function failure(error, failureType) {
  const message = error !== null && typeof error === 'object' && 'message' in error ? error.message : typeof error === 'string' ? error : require('./inspect').inspect(error);
  const wrapped = errorWithCode(Error, 'ERR_TEST_FAILURE', message, failure);
  wrapped.failureType = failureType;
  wrapped.cause = error;
  return wrapped;
}

const isFailure = (error) => error !== null && typeof error === 'object' && error.code === 'ERR_TEST_FAILURE';

// Where a test was made: the first frame outside of this module.
function callerLocation() {
  for (const site of binding.getCallSites(12)) {
    const file = site.scriptName;
    if (!file || file.startsWith('node:')) continue;
    return { file: file.startsWith('file:') ? require('url').fileURLToPath(file) : file, line: site.lineNumber, column: site.columnNumber };
  }
  return undefined;
}

const now = () => binding.now();

// ---- plans --------------------------------------------------------------------

class Plan {
  constructor(expected, options = {}) {
    validateUint32(expected, 'count');
    validateObject(options, 'options');
    this.expected = expected;
    this.actual = 0;
    this.wait = options.wait ?? false;
  }

  check() {
    if (this.actual !== this.expected) throw failure(`plan expected ${this.expected} assertions but received ${this.actual}`, 'testCodeFailure');
  }
}

// ---- tests ----------------------------------------------------------------------

class Test {
  constructor({ name, fn, parent, options, location, isSuite = false, isHook = false }) {
    this.parent = parent;
    this.nesting = parent === null ? -1 : parent.nesting + 1;
    this.fn = fn;
    this.name = name;
    this.isSuite = isSuite;
    this.isHook = isHook;
    this.location = location;
    this.subtests = [];
    this.pending = [];
    this.running = 0;
    this.number = 0;
    this.diagnostics = [];
    this.hooks = {
      before: [],
      after: [],
      beforeEach: parent === null ? [] : parent.hooks.beforeEach.slice(),
      afterEach: parent === null ? [] : parent.hooks.afterEach.slice(),
    };
    this.started = false;
    this.finished = false;
    this.passed = false;
    this.error = null;
    this.skipped = options.skip !== undefined && options.skip !== false;
    this.todo = options.todo !== undefined && options.todo !== false;
    this.message = typeof options.skip === 'string' ? options.skip : typeof options.todo === 'string' ? options.todo : null;
    this.only = options.only === true;
    this.timeout = options.timeout ?? (parent === null ? Infinity : parent.timeout);
    if (this.timeout !== null && this.timeout !== Infinity) validateNumber(this.timeout, 'options.timeout', 0, 2 ** 31 - 1);
    this.concurrency = concurrencyOf(options.concurrency, parent);
    this.controller = new AbortController();
    if (options.signal) {
      validateAbortSignal(options.signal, 'options.signal');
      const forward = () => this.cancel(new AbortError(undefined, { cause: options.signal.reason }));
      if (options.signal.aborted) forward();
      else options.signal.addEventListener('abort', forward, { once: true });
    }
    this.plan = options.plan === undefined ? null : new Plan(options.plan);
    this.done = new Promise((resolve) => {
      this.resolveDone = resolve;
    });
  }

  get fullName() {
    return this.parent === null || this.parent.parent === null ? this.name : `${this.parent.fullName} > ${this.name}`;
  }

  addSubtest(kind, name, options, fn, location) {
    if (typeof name === 'function') {
      fn = name;
      name = undefined;
    } else if (name !== null && typeof name === 'object') {
      fn = options;
      options = name;
      name = undefined;
    } else if (typeof options === 'function') {
      fn = options;
      options = undefined;
    }
    if (options === null || typeof options !== 'object') options = {};
    if (fn === undefined) fn = noop;
    if (typeof fn !== 'function') throw new codes.ERR_INVALID_ARG_TYPE('fn', 'function', fn);
    if (typeof name !== 'string' || name === '') name = fn.name || '<anonymous>';
    const test = new Test({ name, fn, parent: this, options, location, isSuite: kind === 'suite' });
    if (this.finished) {
      test.fail(failure('test could not be started because its parent finished', 'parentAlreadyFinished'));
      test.error.late = true;
    }
    test.number = this.subtests.push(test);
    if (test.isSuite) test.build();
    this.pending.push(test);
    return test;
  }

  // A suite's function runs at once; what it makes runs later.
  build() {
    if (this.skipped) {
      this.built = Promise.resolve();
      return;
    }
    const before = current;
    current = this;
    try {
      this.built = Promise.resolve(Reflect.apply(this.fn, new SuiteContext(this), [new SuiteContext(this)])).catch((error) => this.fail(failure(error, 'testCodeFailure')));
    } catch (error) {
      this.fail(failure(error, 'testCodeFailure'));
      this.built = Promise.resolve();
    } finally {
      current = before;
    }
  }

  // Starts what may run now.
  pump() {
    while (this.pending.length > 0 && this.running < this.concurrency) {
      const test = this.pending.shift();
      this.running++;
      test.run().then(() => {
        this.running--;
        this.pump();
      });
    }
  }

  fail(error) {
    if (this.error !== null) return;
    this.passed = false;
    this.error = isFailure(error) ? error : failure(error, 'testCodeFailure');
  }

  cancel(error) {
    if (this.error !== null || this.finished) return;
    this.cancelled = true;
    this.fail(failure(error ?? 'test did not finish before its parent and was cancelled', 'cancelledByParent'));
    this.controller.abort();
    this.rejectRun?.(this.error);
  }

  async runHooks(list, context) {
    for (const hook of list) {
      const { fn, timeout } = hook;
      await limited((signal) => invoke(fn, context, [context], signal), timeout, this.controller.signal, hook.name);
    }
  }

  // Runs the hooks `before` of everything around, once.
  async runBefore(context) {
    if (this.beforeDone) return this.beforeDone;
    this.beforeDone = this.runHooks(this.hooks.before, context);
    return this.beforeDone;
  }

  async run() {
    this.started = true;
    this.startTime = now();
    // Where the tests of a parent have begun is told with the first of them.
    report('test:start', this);
    const context = this.isSuite ? new SuiteContext(this) : new TestContext(this);
    this.context = context;
    const before = current;
    const onlySkips = onlyMode() && !this.runsInOnlyMode();
    try {
      if (this.error !== null) throw this.error;
      if (onlySkips) {
        this.skipped = true;
        this.message = '\'only\' option not set';
      }
      if (!this.skipped) {
        if (this.parent !== null && this.parent.parent !== null && this.parent.isSuite) await this.parent.runBefore(this.parent.context ?? context);
        else if (this.parent !== null) await this.parent.runBefore(context);
        current = this;
        if (this.isSuite) await this.runSuite(context);
        else await this.runTest(context);
      }
      if (this.error === null) this.passed = true;
    } catch (error) {
      this.fail(isFailure(error) ? error : failure(error, 'testCodeFailure'));
    } finally {
      if (current === this) current = before;
    }
    await this.finish();
  }

  runsInOnlyMode() {
    for (let t = this; t !== null; t = t.parent) if (t.only) return true;
    return this.subtests.some((t) => t.runsInOnlyMode());
  }

  async runSuite(context) {
    await this.built;
    if (this.subtests.length > 0 || this.hooks.before.length > 0) {
      try {
        await this.runBefore(context);
        await this.runPending();
      } finally {
        await this.runHooks(this.hooks.after, context);
      }
    } else {
      await this.runHooks(this.hooks.after, context);
    }
  }

  async runPending() {
    this.pump();
    for (let i = 0; i < this.subtests.length; i++) await this.subtests[i].done;
  }

  async runTest(context) {
    const { beforeEach, afterEach } = this.parent.hooks;
    try {
      await this.runHooks(beforeEach, context);
      await limited((signal, reject) => {
        this.rejectRun = reject;
        return this.call(context);
      }, this.timeout, this.controller.signal, 'test');
      // Subtests that nobody waited for.
      if (this.pending.length > 0 || this.running > 0) {
        this.pump();
        for (const test of this.subtests) {
          if (!test.finished) test.cancel();
          await test.done;
        }
      }
      if (this.plan !== null) this.plan.check();
    } finally {
      try {
        await this.runHooks(afterEach, context);
      } finally {
        await this.runHooks(this.hooks.after, context);
        if (this.mock !== undefined) this.mock.reset();
      }
    }
  }

  call(context) {
    const { fn } = this;
    if (fn.length <= 1) {
      const result = Reflect.apply(fn, context, [context]);
      return result;
    }
    // A second parameter is a callback.
    return new Promise((resolve, reject) => {
      let called = false;
      const done = (error) => {
        if (called) return this.fail(failure('callback invoked multiple times', 'multipleCallbackInvocations'));
        called = true;
        if (error) reject(error);
        else resolve();
      };
      const result = Reflect.apply(fn, context, [context, done]);
      if (result !== null && typeof result === 'object' && typeof result.then === 'function') {
        reject(failure('passed a callback but also returned a Promise', 'callbackAndPromisePresent'));
      }
    });
  }

  async finish() {
    if (this.finished) return;
    const failed = this.subtests.filter((test) => !test.passed && !test.todo && !test.skipped).length;
    if (this.passed && failed > 0) {
      this.passed = false;
      this.error = failure(`${failed} subtest${failed > 1 ? 's' : ''} failed`, 'subtestsFailed');
    }
    this.finished = true;
    this.duration = now() - this.startTime;
    this.controller.abort();
    count(this);
    report(this.passed || this.skipped ? 'test:pass' : 'test:fail', this);
    this.resolveDone(undefined);
  }

  get mockTracker() {
    if (this.mock === undefined) {
      const { MockTracker } = require('./test_mock');
      this.mock = new MockTracker();
    }
    return this.mock;
  }
}

function concurrencyOf(value, parent) {
  const inherited = parent === null ? 1 : parent.concurrency;
  switch (typeof value) {
    case 'number':
      validateUint32(value, 'options.concurrency', true);
      return value;
    case 'boolean':
      return value ? Infinity : 1;
    default:
      if (value != null) throw new codes.ERR_INVALID_ARG_TYPE('options.concurrency', ['boolean', 'number'], value);
      return inherited;
  }
}

// Calls a hook, which may take a callback.
function invoke(fn, context, args) {
  if (fn.length < 2) return Reflect.apply(fn, context, args);
  return new Promise((resolve, reject) => Reflect.apply(fn, context, [...args, (error) => (error ? reject(error) : resolve())]));
}

// Runs `start` within a time.
function limited(start, timeout, signal, what) {
  return new Promise((resolve, reject) => {
    let timer;
    if (timeout !== Infinity && timeout !== null && timeout !== undefined) {
      timer = setTimeout(() => reject(failure(`${what} timed out after ${timeout}ms`, 'testTimeoutFailure')), timeout);
    }
    const end = (settle) => (value) => {
      clearTimeout(timer);
      settle(value);
    };
    const refuse = end((error) => reject(isFailure(error) ? error : failure(error, what === 'test' ? 'testCodeFailure' : 'hookFailed')));
    try {
      const result = start(signal, refuse);
      if (result !== null && typeof result === 'object' && typeof result.then === 'function') result.then(end(resolve), refuse);
      else end(resolve)(result);
    } catch (error) {
      refuse(error);
    }
  });
}

// ---- what tests get -------------------------------------------------------------

const planned = ['deepEqual', 'deepStrictEqual', 'doesNotMatch', 'doesNotReject', 'doesNotThrow', 'equal', 'fail', 'ifError', 'match', 'notDeepEqual', 'notDeepStrictEqual', 'notEqual',
  'notStrictEqual', 'ok', 'partialDeepStrictEqual', 'rejects', 'strictEqual', 'throws'];
const customAsserts = new Map();

class TestContext {
  #test;

  constructor(test) {
    this.#test = test;
  }

  get signal() {
    return this.#test.controller.signal;
  }

  get name() {
    return this.#test.name;
  }

  get filePath() {
    return this.#test.location?.file;
  }

  get fullName() {
    return this.#test.fullName;
  }

  get error() {
    return this.#test.error;
  }

  get passed() {
    return this.#test.passed;
  }

  get attempt() {
    return 0;
  }

  get mock() {
    return this.#test.mockTracker;
  }

  get assert() {
    const test = this.#test;
    const assert = require('assert');
    const result = { __proto__: null };
    const counted = (fn) => (...args) => {
      if (test.plan !== null) test.plan.actual++;
      return Reflect.apply(fn, this, args);
    };
    for (const name of planned) if (typeof assert[name] === 'function') result[name] = counted(assert[name]);
    for (const [name, fn] of customAsserts) result[name] = counted(fn);
    defineProperty(this, 'assert', { __proto__: null, value: result, configurable: true });
    return result;
  }

  diagnostic(message) {
    this.#test.diagnostics.push(message);
  }

  plan(count, options) {
    if (this.#test.plan !== null) throw failure('cannot set plan more than once', 'testCodeFailure');
    this.#test.plan = new Plan(count, options);
  }

  runOnly() {}

  skip(message) {
    this.#test.skipped = true;
    this.#test.message = typeof message === 'string' ? message : null;
  }

  todo(message) {
    this.#test.todo = true;
    this.#test.message = typeof message === 'string' ? message : null;
  }

  test(name, options, fn) {
    const test = this.#test;
    if (test.plan !== null) test.plan.actual++;
    const subtest = test.addSubtest('test', name, options, fn, callerLocation());
    test.pump();
    return subtest.done;
  }

  before(fn, options) {
    addHook(this.#test, 'before', fn, options);
  }

  after(fn, options) {
    addHook(this.#test, 'after', fn, options);
  }

  beforeEach(fn, options) {
    addHook(this.#test, 'beforeEach', fn, options);
  }

  afterEach(fn, options) {
    addHook(this.#test, 'afterEach', fn, options);
  }

  waitFor(condition, options = {}) {
    validateFunction(condition, 'condition');
    validateObject(options, 'options');
    const { interval = 50, timeout = 1000 } = options;
    validateNumber(interval, 'options.interval', 0, 2 ** 31 - 1);
    validateNumber(timeout, 'options.timeout', 0, 2 ** 31 - 1);
    return new Promise((resolve, reject) => {
      let cause;
      let poller;
      const limit = setTimeout(() => {
        clearTimeout(poller);
        reject(new Error('waitFor() timed out', cause === undefined ? undefined : { cause }));
      }, timeout);
      const poll = async () => {
        try {
          const result = await condition();
          clearTimeout(limit);
          resolve(result);
        } catch (error) {
          cause = error;
          poller = setTimeout(poll, interval);
        }
      };
      poll();
    });
  }
}

class SuiteContext {
  #suite;

  constructor(suite) {
    this.#suite = suite;
  }

  get signal() {
    return this.#suite.controller.signal;
  }

  get name() {
    return this.#suite.name;
  }

  get filePath() {
    return this.#suite.location?.file;
  }

  get fullName() {
    return this.#suite.fullName;
  }

  diagnostic(message) {
    this.#suite.diagnostics.push(message);
  }
}

function addHook(test, name, fn, options = {}) {
  validateFunction(fn, 'fn');
  test.hooks[name].push({ fn, name: `${name} hook`, timeout: options.timeout ?? Infinity });
}

// ---- the root ---------------------------------------------------------------------

let root;
let current = null;
let reporter;
const totals = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };

function count(test) {
  if (test.parent === null) return;
  if (test.isSuite) {
    totals.suites++;
    return;
  }
  totals.tests++;
  if (test.skipped) totals.skipped++;
  else if (test.todo) totals.todo++;
  else if (test.cancelled) totals.cancelled++;
  else if (test.passed) totals.passed++;
  else totals.failed++;
}

const flag = (name) => {
  const prefix = `--${name}=`;
  const list = process.execArgv;
  for (let i = 0; i < list.length; i++) {
    if (list[i].startsWith(prefix)) return list[i].slice(prefix.length);
    if (list[i] === `--${name}`) return list[i + 1] ?? true;
  }
  return undefined;
};
let only;
const onlyMode = () => (only ??= process.execArgv.includes('--test-only'));

function report(type, test) {
  if (test.parent === null) return;
  reporter.event(type, test);
  if (type === 'test:start') return;
  for (const message of test.diagnostics) reporter.diagnostic(test, message);
}

function begin() {
  if (root !== undefined) return root;
  reporter = require('./test_reporters').create(flag('test-reporter'));
  root = new Test({ name: '<root>', fn: noop, parent: null, options: {}, location: undefined });
  root.startTime = now();
  root.context = new TestContext(root);
  // The script may make more tests: they begin once it has run.
  process.nextTick(() => {
    root.pumping = true;
    root.pump();
  });
  const onUncaught = (error) => {
    const test = current;
    if (test !== null && !test.finished) {
      test.fail(failure(error, 'uncaughtException'));
      test.rejectRun?.(test.error);
    } else {
      root.fail(failure(error, 'uncaughtException'));
      totals.failed++;
      reporter.loose(error);
    }
  };
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  process.on('beforeExit', endOfLoop);
  return root;
}

// Nothing keeps the loop alive: tests that wait will wait for ever.
async function endOfLoop() {
  const stuck = root.subtests.filter((test) => !test.finished);
  if (stuck.length > 0) {
    for (const test of stuck) {
      let deepest = test;
      for (let next; (next = deepest.subtests.find((t) => t.started && !t.finished)) !== undefined;) deepest = next;
      for (let t = deepest; t !== root; t = t.parent) t.cancel('Promise resolution is still pending but the event loop has already resolved');
    }
    return;
  }
  if (root.finished) return;
  root.finished = true;
  try {
    await root.runHooks(root.hooks.after, root.context);
  } catch (error) {
    totals.failed++;
    reporter.loose(error);
  }
  reporter.end(totals, now() - root.startTime, root.subtests.length);
  if (root.subtests.some((test) => !test.passed && !test.todo && !test.skipped) || root.error !== null || totals.failed > 0 || totals.cancelled > 0) process.exitCode = 1;
}

function make(kind) {
  const withOptions = (extra) => (name, options, fn) => {
    const parent = current !== null && !current.finished ? current : begin();
    if (typeof name === 'function') [name, options, fn] = [undefined, undefined, name];
    else if (name !== null && typeof name === 'object') [name, options, fn] = [undefined, name, options];
    else if (typeof options === 'function') [options, fn] = [undefined, options];
    const test = parent.addSubtest(kind, name, { ...options, ...extra }, fn, callerLocation());
    if (parent !== root ? parent.started && !parent.isSuite : root.pumping) parent.pump();
    // A test made inside a suite has nothing to wait for.
    return parent.isSuite ? undefined : test.done;
  };
  const fn = withOptions({});
  defineProperty(fn, 'name', { __proto__: null, value: kind, configurable: true });
  fn.skip = withOptions({ skip: true });
  fn.todo = withOptions({ todo: true });
  fn.only = withOptions({ only: true });
  fn.expectFailure = withOptions({ expectFailure: true });
  return fn;
}

const test = make('test');
const describe = make('suite');

const hook = (name) => (fn, options) => {
  const target = current !== null && !current.finished ? current : begin();
  addHook(target, name, fn, options);
};

function run() {
  throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('run() of node:test');
}

module.exports = test;
Object.assign(module.exports, {
  after: hook('after'),
  afterEach: hook('afterEach'),
  before: hook('before'),
  beforeEach: hook('beforeEach'),
  describe,
  it: test,
  run,
  suite: describe,
  test,
  getTestContext: () => current?.context,
  assert: {
    register(name, fn) {
      if (typeof name !== 'string') throw new codes.ERR_INVALID_ARG_TYPE('name', 'string', name);
      validateFunction(fn, 'fn');
      customAsserts.set(name, fn);
    },
  },
  snapshot: {
    setDefaultSnapshotSerializers() {
      throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('snapshots of node:test');
    },
    setResolveSnapshotPath() {
      throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('snapshots of node:test');
    },
  },
});
let mock;
defineProperty(module.exports, 'mock', {
  __proto__: null,
  configurable: true,
  enumerable: true,
  get() {
    mock ??= new (require('./test_mock').MockTracker)();
    return mock;
  },
});
