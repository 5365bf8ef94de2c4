// process.report: the diagnostic report.

const { codes } = require('./errors');
const { validateString, validateBoolean, validateObject } = require('./validators');
const native = require('./process_native');

const settings = { directory: '', filename: '', compact: false, excludeNetwork: false, excludeEnv: false, signal: 'SIGUSR2' };
const triggers = { reportOnFatalError: false, reportOnSignal: false, reportOnUncaughtException: false };
let count = 0;

function stackOf(error) {
  const [message, ...frames] = String(error.stack).split('\n');
  return {
    message,
    stack: frames.map((line) => line.trim()),
    errorProperties: Object.fromEntries(Object.keys(error).map((key) => [key, String(error[key])])),
  };
}

function usage() {
  const [user, system] = native.cpu();
  const values = native.resources();
  const seconds = process.uptime();
  return {
    userCpuSeconds: user / 1e6,
    kernelCpuSeconds: system / 1e6,
    cpuConsumptionPercent: ((user + system) / 1e6 / seconds) * 100,
    userCpuConsumptionPercent: (user / 1e6 / seconds) * 100,
    kernelCpuConsumptionPercent: (system / 1e6 / seconds) * 100,
    maxRss: String(values[2] * 1024),
    rss: String(process.memoryUsage.rss()),
    free_memory: String(process.availableMemory()),
    constrained_memory: String(process.constrainedMemory()),
    available_memory: String(process.availableMemory()),
    pageFaults: { IORequired: String(values[7]), IONotRequired: String(values[6]) },
    fsActivity: { reads: values[9], writes: values[10] },
  };
}

function build(error, event, trigger, filename) {
  const now = new Date();
  const memory = process.memoryUsage();
  const limits = {};
  for (const [name, soft, hard] of native.limits()) limits[name] = { soft, hard };
  const report = {
    header: {
      reportVersion: 5,
      event,
      trigger,
      filename,
      dumpEventTime: now.toISOString().replace(/\.\d+Z$/, 'Z'),
      dumpEventTimeStamp: String(now.getTime()),
      processId: process.pid,
      threadId: 0,
      cwd: process.cwd(),
      commandLine: [process.argv0, ...process.execArgv, ...process.argv.slice(1)],
      nodejsVersion: process.version,
      wordSize: 64,
      arch: process.arch,
      platform: process.platform,
      componentVersions: { ...process.versions },
      release: { ...process.release },
      ...native.system(),
      cpus: [],
      networkInterfaces: [],
    },
    javascriptStack: stackOf(error),
    javascriptHeap: {
      totalMemory: String(memory.heapTotal),
      usedMemory: String(memory.heapUsed),
      externalMemory: String(memory.external),
      heapSpaces: {},
    },
    nativeStack: [],
    resourceUsage: usage(),
    libuv: native.activeResources().map((type) => ({ type, is_active: true, is_referenced: true })),
    workers: [],
    environmentVariables: { ...process.env },
    userLimits: limits,
    sharedObjects: [],
  };
  if (settings.excludeNetwork) delete report.header.networkInterfaces;
  if (settings.excludeEnv) delete report.environmentVariables;
  return report;
}

function getReport(error) {
  if (error === undefined) {
    error = new Error('JavaScript Callstack');
    Error.captureStackTrace(error, getReport);
  } else {
    validateObject(error, 'err');
  }
  return build(error, 'JavaScript API', 'GetReport', null);
}

const two = (n) => String(n).padStart(2, '0');

function defaultName() {
  const now = new Date();
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `report.${date}.${time}.${process.pid}.0.${String(++count).padStart(3, '0')}.json`;
}

function writeReport(file, error) {
  if (typeof file === 'object' && file !== null) {
    error = file;
    file = undefined;
  } else if (file !== undefined) {
    validateString(file, 'file');
  }
  if (error === undefined) {
    error = new Error('JavaScript Callstack');
    Error.captureStackTrace(error, writeReport);
  } else {
    validateObject(error, 'err');
  }
  const name = file || settings.filename || defaultName();
  const text = JSON.stringify(build(error, 'JavaScript API', 'API', name), null, settings.compact ? undefined : 2);
  if (name === 'stdout' || name === 'stderr') {
    process[name].write(`${text}\n`);
    return name;
  }
  native.writeError(`\nWriting Node.js report to file: ${name}\n`);
  const path = require('path').resolve(settings.directory || '.', name);
  require('fs').writeFileSync(path, `${text}\n`);
  native.writeError('Node.js report completed\n');
  return name;
}

const report = { writeReport, getReport };
for (const name of ['directory', 'filename', 'compact', 'excludeNetwork', 'signal', 'reportOnFatalError', 'reportOnSignal', 'reportOnUncaughtException', 'excludeEnv']) {
  const store = name in triggers ? triggers : settings;
  Object.defineProperty(report, name, {
    __proto__: null,
    configurable: true,
    enumerable: true,
    get() { return store[name]; },
    set(value) {
      if (typeof store[name] === 'boolean') {
        validateBoolean(value, name === 'reportOnSignal' || name.startsWith('reportOn') ? 'trigger' : name);
      } else {
        validateString(value, name);
        if (name === 'signal' && !(value in native.signals)) throw new codes.ERR_UNKNOWN_SIGNAL(value);
      }
      if (name === 'reportOnSignal') watch(value, settings.signal);
      if (name === 'signal' && triggers.reportOnSignal) {
        watch(false, settings.signal);
        watch(true, value);
      }
      store[name] = value;
    },
  });
}

const onSignal = (signal) => {
  writeReport(undefined, Object.assign(new Error(`${signal}`), { stack: `Error: ${signal}` }));
};

function watch(on, signal) {
  process.removeListener(signal, onSignal);
  if (on) process.on(signal, onSignal);
}

module.exports = report;
