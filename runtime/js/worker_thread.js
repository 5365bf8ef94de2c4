// What a worker thread does before its script: takes its data and its port, and becomes a thread of its own to programs.

const { codes } = require('./errors');
const native = require('./worker_native');

const taken = native.setup();
const { workerData, environment, env, argv, execArgv, stdin: stdinPort, eval: isEval, hooksThread } = taken?.data ?? {};

let input;

/** process.stdin of a worker: what its parent writes, if it said that it would; else nothing. */
function stdin() {
  if (input !== undefined) return input;
  const { Readable } = require('stream');
  input = new Readable({ read() {} });
  input.fd = 0;
  if (stdinPort === undefined) {
    input.push(null);
    return input;
  }
  stdinPort.on('message', (chunk) => {
    input.push(chunk);
    if (chunk === null) stdinPort.close();
  });
  return input;
}

function unsupported(name) {
  return { [name]() {
    throw new codes.ERR_WORKER_UNSUPPORTED_OPERATION(`process.${name}()`);
  } }[name];
}

if (taken !== undefined) {
  const { process } = globalThis;
  for (const name of ['abort', 'chdir', 'initgroups', 'setegid', 'seteuid', 'setgid', 'setgroups', 'setuid']) {
    process[name] = unsupported(name);
    process[name].disabled = true;
  }
  const { umask } = process;
  process.umask = function(mask) {
    if (mask !== undefined) throw new codes.ERR_WORKER_UNSUPPORTED_OPERATION('Setting process.umask()');
    return umask.call(process);
  };
  if (env !== undefined) {
    for (const key of Object.keys(process.env)) delete process.env[key];
    Object.assign(process.env, env);
  }
  if (isEval) process.argv.splice(1, 0, '[worker eval]');
  process.argv.push(...argv);
  if (execArgv !== undefined) process.execArgv = execArgv;
  if (hooksThread) require('./module_hooks_thread').serve(taken.port);
}

module.exports = {
  port: taken?.port ?? null,
  workerData: taken === undefined ? null : workerData,
  environment: environment ?? new Map(),
  stdin,
};
