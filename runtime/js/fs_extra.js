// The parts of fs that are made of its other parts.
const fs = require('fs');
const { codes } = require('./errors');
const { resolve } = require('path');

function mkdtempDisposableSync(prefix, options) {
  const path = fs.mkdtempSync(prefix, options);
  // The working directory may be another one by then.
  const full = resolve(path.toString());
  const remove = () => fs.rmSync(full, { maxRetries: 0, recursive: true, force: true, retryDelay: 0 });
  return { path, remove, [Symbol.dispose]() { remove(); } };
}

async function mkdtempDisposable(prefix, options) {
  const path = await fs.promises.mkdtemp(prefix, options);
  const full = resolve(path.toString());
  const remove = () => fs.promises.rm(full, { maxRetries: 0, recursive: true, force: true, retryDelay: 0 });
  return { path, remove, async [Symbol.asyncDispose]() { await remove(); } };
}

async function lchmod() {
  throw new codes.ERR_METHOD_NOT_IMPLEMENTED('lchmod()');
}

async function openAsBlob() {
  throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('fs.openAsBlob');
}

function toUnixTimestamp(time, name = 'time') {
  if (typeof time === 'string' && Number(time) === Number(time) && time !== '') return Number(time);
  if (Number.isFinite(time)) return time < 0 ? Date.now() / 1000 : time;
  if (time instanceof Date) return time.getTime() / 1000;
  throw new codes.ERR_INVALID_ARG_TYPE(name, ['Date', 'Time in seconds'], time);
}

module.exports = { lchmod, mkdtempDisposable, mkdtempDisposableSync, openAsBlob, toUnixTimestamp };
