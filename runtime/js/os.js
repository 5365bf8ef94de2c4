// node:os. What the machine says comes from native (`os_native`); checks and shapes are here.

const { SystemError } = require('./system_error');
const { validateInt32 } = require('./validators');
const { errno, signals, priority, dlopen } = require('./constants_table');
const native = require('./os_native');

const { defineProperty, defineProperties, freeze } = Object;

// Values that cannot change while the process lives are looked up once.
let names;
const uname = (i) => (names ??= native.uname())[i];

// Functions that read as plain values when converted.
function primitive(fn) {
  defineProperty(fn, Symbol.toPrimitive, { __proto__: null, value: fn, writable: true, enumerable: true, configurable: true });
  return fn;
}

const arch = () => process.arch;
const platform = () => process.platform;
const type = () => uname(0);
const hostname = () => uname(1);
const release = () => uname(2);
const version = () => uname(3);
const machine = () => uname(4);
const availableParallelism = () => native.availableParallelism();
const uptime = () => native.uptime();
const freemem = () => native.memory()[0];
const totalmem = () => native.memory()[1];

function endianness() {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'LE' : 'BE';
}

function loadavg() {
  return native.loadavg();
}

function cpus() {
  return native.cpus();
}

function homedir() {
  const { HOME } = process.env;
  if (HOME) return HOME;
  const user = native.user();
  if (user === undefined) throw new SystemError({ syscall: 'uv_os_homedir', code: 'ENOENT', message: 'no such file or directory', errno: -2 });
  return user[3];
}

function tmpdir() {
  const { TMPDIR, TMP, TEMP } = process.env;
  const path = TMPDIR || TMP || TEMP || '/tmp';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function networkInterfaces() {
  const result = { __proto__: null };
  for (const [name, address, netmask, prefix, isV6, mac, internal, scopeid] of native.interfaces()) {
    const entry = { address, netmask, family: isV6 ? 'IPv6' : 'IPv4', mac, internal, cidr: `${address}/${prefix}` };
    if (isV6) entry.scopeid = scopeid;
    (result[name] ??= []).push(entry);
  }
  return result;
}

const shownErrors = new Map([[-3, ['ESRCH', 'no such process']], [-1, ['EPERM', 'operation not permitted']], [-13, ['EACCES', 'permission denied']], [-22, ['EINVAL', 'invalid argument']]]);

function priorityError(syscall, number) {
  const [code, message] = shownErrors.get(number) ?? ['UNKNOWN', 'unknown error'];
  return new SystemError({ errno: number, code, message, syscall });
}

function setPriority(pid, wanted) {
  if (wanted === undefined) {
    wanted = pid;
    pid = 0;
  }
  validateInt32(pid, 'pid');
  validateInt32(wanted, 'priority', -20, 19);
  const failed = native.setPriority(pid, wanted);
  if (failed !== 0) throw priorityError('uv_os_setpriority', failed);
}

function getPriority(pid) {
  if (pid === undefined) pid = 0;
  else validateInt32(pid, 'pid');
  const result = native.getPriority(pid);
  if (result <= -1000) throw priorityError('uv_os_getpriority', result + 1000);
  return result;
}

function userInfo(options) {
  if (typeof options !== 'object') options = null;
  const user = native.user();
  if (user === undefined) throw new SystemError({ syscall: 'uv_os_get_passwd', code: 'ENOENT', message: 'no such file or directory', errno: -2 });
  const [uid, gid, username, home, shell] = user;
  const asBuffers = options !== null && options.encoding === 'buffer';
  const text = (value) => (asBuffers ? Buffer.from(value) : value);
  return { __proto__: null, uid, gid, username: text(username), homedir: text(home), shell: text(shell) };
}

module.exports = {
  arch: primitive(arch),
  availableParallelism: primitive(availableParallelism),
  cpus,
  endianness: primitive(endianness),
  freemem: primitive(freemem),
  getPriority,
  homedir: primitive(homedir),
  hostname: primitive(hostname),
  loadavg,
  networkInterfaces,
  platform: primitive(platform),
  release: primitive(release),
  setPriority,
  tmpdir: primitive(tmpdir),
  totalmem: primitive(totalmem),
  type: primitive(type),
  userInfo,
  uptime: primitive(uptime),
  version: primitive(version),
  machine: primitive(machine),
};

const constants = freeze({
  __proto__: null,
  UV_UDP_REUSEADDR: 4,
  dlopen: freeze({ __proto__: null, ...dlopen }),
  errno: freeze({ __proto__: null, ...errno }),
  signals: freeze({ __proto__: null, ...signals }),
  priority: freeze({ __proto__: null, ...priority }),
});

defineProperties(module.exports, {
  constants: { __proto__: null, configurable: false, enumerable: true, value: constants },
  EOL: { __proto__: null, configurable: true, enumerable: true, writable: false, value: '\n' },
  devNull: { __proto__: null, configurable: true, enumerable: true, writable: false, value: '/dev/null' },
});
