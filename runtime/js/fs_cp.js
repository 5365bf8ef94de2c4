// fs.cp, fs.cpSync and fs.promises.cp: copying of files, links and trees, in terms of the single operations of fs.
//
// The walk is written once, as generators that yield the operations they need; the synchronous form does each on the spot, the
// other one awaits it. Where Node's two forms disagree in words (its synchronous checks are in C++), `how.sync` decides.
const fs = require('fs');
const { codes } = require('./errors');
const { validateBoolean, validateFunction, validateInteger, validateObject } = require('./validators');
const { dirname, isAbsolute, join, parse, resolve, sep } = require('path');
const { systemError, toPath } = require('./fs_native');

const EINVAL = 22;
const FLAGS = ['dereference', 'errorOnExist', 'force', 'preserveTimestamps', 'recursive', 'verbatimSymlinks'];

function checkedOptions(options) {
  const out = { dereference: false, errorOnExist: false, filter: undefined, force: true, mode: 0, preserveTimestamps: false, recursive: false, verbatimSymlinks: false };
  if (options === undefined) return out;
  validateObject(options, 'options');
  for (const key in out) if (options[key] !== undefined) out[key] = options[key];
  for (const key of FLAGS) validateBoolean(out[key], `options.${key}`);
  out.mode ??= 0;
  validateInteger(out.mode, 'mode', 0, 7);
  if (out.dereference && out.verbatimSymlinks) throw new codes.ERR_INCOMPATIBLE_OPTION_PAIR('dereference', 'verbatimSymlinks');
  if (out.filter !== undefined) validateFunction(out.filter, 'options.filter');
  return out;
}

// ---- what can go wrong ----

const TITLES = {
  __proto__: null,
  ERR_FS_EISDIR: 'Path is a directory',
  ERR_FS_CP_DIR_TO_NON_DIR: 'Cannot overwrite non-directory with directory',
  ERR_FS_CP_EEXIST: 'Target already exists',
  ERR_FS_CP_EINVAL: 'Invalid src or dest',
  ERR_FS_CP_FIFO_PIPE: 'Cannot copy a FIFO pipe',
  ERR_FS_CP_NON_DIR_TO_DIR: 'Cannot overwrite directory with non-directory',
  ERR_FS_CP_SOCKET: 'Cannot copy a socket file',
  ERR_FS_CP_SYMLINK_TO_SUBDIRECTORY: 'Cannot overwrite symlink in subdirectory of self',
  ERR_FS_CP_UNKNOWN: 'Cannot copy an unknown file type',
};

const failure = (code, errno, path, message) => systemError(code, TITLES[code], errno, 'cp', path, message);

function plainFailure(code, message) {
  const error = new Error(message);
  const { stack } = error;
  error.code = code;
  Object.defineProperty(error, 'stack', { __proto__: null, value: stack.replace(/^Error/, `Error [${code}]`), writable: true, configurable: true, enumerable: false });
  return error;
}

/** The checks that the synchronous form words differently. */
function refusal(how, code, errno, path, message, plain) {
  return how.sync ? plainFailure(code, plain) : failure(code, errno, path, message);
}

// ---- the walk ----

const isSame = (a, b) => a.ino !== 0n && a.ino === b.ino && a.dev === b.dev;

const parts = (path) => resolve(path).split(sep).filter(Boolean);

function isInside(src, dest) {
  const outer = parts(src);
  const inner = parts(dest);
  return outer.every((part, i) => inner[i] === part);
}

function* statBoth(src, dest, how) {
  const stat = how.dereference ? 'stat' : 'lstat';
  const from = yield [stat, src, { bigint: true }];
  let to;
  try {
    to = yield [stat, dest, { bigint: true }];
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return [from, to];
}

function* checkPaths(src, dest, how) {
  const [from, to] = yield* statBoth(src, dest, how);
  if (to) {
    if (isSame(from, to)) throw refusal(how, 'ERR_FS_CP_EINVAL', EINVAL, dest, 'src and dest cannot be the same', `src and dest cannot be the same ${dest}`);
    if (from.isDirectory() && !to.isDirectory()) {
      throw refusal(how, 'ERR_FS_CP_DIR_TO_NON_DIR', 21, dest, `cannot overwrite non-directory ${dest} with directory ${src}`, `Cannot overwrite non-directory ${dest} with directory ${src}`);
    }
    if (!from.isDirectory() && to.isDirectory()) {
      throw refusal(how, 'ERR_FS_CP_NON_DIR_TO_DIR', 20, dest, `cannot overwrite directory ${dest} with non-directory ${src}`, `Cannot overwrite directory ${dest} with non-directory ${src}`);
    }
  }
  if (from.isDirectory() && isInside(src, dest)) {
    const shown = how.sync && !src.endsWith(sep) ? `${src}${sep}` : src;
    throw refusal(how, 'ERR_FS_CP_EINVAL', EINVAL, dest, `cannot copy ${src} to a subdirectory of self ${dest}`, `Cannot copy ${shown} to a subdirectory of self ${dest}`);
  }
  return [from, to];
}

// No folder above dest may be src itself, seen through whatever links.
function* checkParents(src, from, dest, how) {
  const srcParent = resolve(dirname(src));
  for (let parent = resolve(dirname(dest)); parent !== srcParent && parent !== parse(parent).root; parent = resolve(dirname(parent))) {
    let stat;
    try {
      stat = yield ['stat', parent, { bigint: true }];
    } catch (error) {
      if (error.code === 'ENOENT') return;
      throw error;
    }
    if (isSame(from, stat)) {
      throw refusal(how, 'ERR_FS_CP_EINVAL', EINVAL, dest, `cannot copy ${src} to a subdirectory of self ${dest}`, `Cannot copy ${src} to a subdirectory of self ${dest}`);
    }
  }
}

function* isWanted(src, dest, how) {
  if (!how.filter) return true;
  const answer = how.filter(src, dest);
  if (!how.sync) return yield answer;
  if (typeof answer === 'object' && typeof answer?.then === 'function') throw new codes.ERR_INVALID_RETURN_VALUE('boolean', 'filter', answer);
  return answer;
}

function* copyTop(src, dest, how) {
  const [from, to] = yield* checkPaths(src, dest, how);
  yield* checkParents(src, from, dest, how);
  if (!(yield* isWanted(src, dest, how))) return;
  const parent = dirname(dest);
  try {
    yield ['stat', parent];
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    yield ['mkdir', parent, { recursive: true }];
  }
  yield* copyOne(from, to, src, dest, how);
}

function* copyOne(from, to, src, dest, how) {
  if (from.isDirectory()) {
    if (!how.recursive) {
      const shown = how.sync && !src.endsWith(sep) ? `${src}${sep}` : src;
      throw refusal(how, 'ERR_FS_EISDIR', 21, src, `${src} is a directory (not copied)`, `Recursive option not enabled, cannot copy a directory: ${shown}`);
    }
    yield* copyFolder(from, to, src, dest, how);
  } else if (from.isFile() || from.isCharacterDevice() || from.isBlockDevice()) {
    yield* copyFile(from, to, src, dest, how);
  } else if (from.isSymbolicLink()) {
    yield* copyLink(to, src, dest, how);
  } else {
    const [code, what] = from.isSocket() ? ['ERR_FS_CP_SOCKET', 'a socket file'] : from.isFIFO() ? ['ERR_FS_CP_FIFO_PIPE', 'a FIFO pipe'] : ['ERR_FS_CP_UNKNOWN', 'an unknown file type'];
    throw refusal(how, code, EINVAL, dest, `cannot copy ${what}: ${dest}`, `Cannot copy ${what}: ${dest}`);
  }
}

function* copyFile(from, to, src, dest, how) {
  if (to) {
    if (!how.force) {
      if (how.errorOnExist) throw failure('ERR_FS_CP_EEXIST', 17, dest, `${dest} already exists`);
      return;
    }
    yield ['unlink', dest];
  }
  yield ['copyFile', src, dest, how.mode];
  const mode = Number(from.mode);
  if (how.preserveTimestamps) {
    // A file that may not be written can't have its times set either.
    if ((mode & 0o200) === 0) yield ['chmod', dest, mode | 0o200];
    // Reading src has changed its access time: the times are taken anew.
    const { atime, mtime } = yield ['stat', src];
    yield ['utimes', dest, atime, mtime];
  }
  yield ['chmod', dest, mode];
}

function* copyFolder(from, to, src, dest, how) {
  if (!to) yield ['mkdir', dest];
  else if (how.errorOnExist && !how.force && !how.sync) throw failure('ERR_FS_CP_EEXIST', 17, dest, `${dest} already exists`);
  const folder = yield ['opendir', src];
  try {
    for (let entry; (entry = yield folder) !== null;) {
      const [child, target] = [join(src, entry.name), join(dest, entry.name)];
      if (!(yield* isWanted(child, target, how))) continue;
      const [childStat, targetStat] = yield* checkPaths(child, target, how);
      yield* copyOne(childStat, targetStat, child, target, how);
    }
  } finally {
    folder.closeSync();
  }
  if (!to) yield ['chmod', dest, Number(from.mode)];
}

function* copyLink(to, src, dest, how) {
  let goal = yield ['readlink', src];
  if (!how.verbatimSymlinks && !isAbsolute(goal)) goal = resolve(dirname(src), goal);
  if (!to) {
    yield ['symlink', goal, dest];
    return;
  }
  let old;
  try {
    old = yield ['readlink', dest];
  } catch (error) {
    // dest is something else than a link.
    if (error.code !== 'EINVAL' && error.code !== 'UNKNOWN') throw error;
    yield ['symlink', goal, dest];
    return;
  }
  if (!isAbsolute(old)) old = resolve(dirname(dest), old);
  const srcIsFolder = yield* isFolder(src);
  if (srcIsFolder && isInside(goal, old)) {
    throw refusal(how, 'ERR_FS_CP_EINVAL', EINVAL, dest, `cannot copy ${goal} to a subdirectory of self ${old}`, `cannot copy ${goal} to a subdirectory of self ${old}`);
  }
  if (srcIsFolder && isInside(old, goal)) {
    throw failure('ERR_FS_CP_SYMLINK_TO_SUBDIRECTORY', EINVAL, dest, `cannot overwrite ${old} with ${goal}`);
  }
  yield ['unlink', dest];
  yield ['symlink', goal, dest];
}

function* isFolder(path) {
  try {
    return (yield ['stat', path]).isDirectory();
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

// ---- the two drivers ----

function runSync(steps) {
  let next = steps.next();
  while (!next.done) {
    let value;
    try {
      value = next.value instanceof fs.Dir ? next.value.readSync() : fs[`${next.value[0]}Sync`](...next.value.slice(1));
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
}

async function run(steps) {
  let next = steps.next();
  while (!next.done) {
    let value;
    try {
      const step = next.value;
      if (step instanceof fs.Dir) value = await step.read();
      else if (Array.isArray(step)) value = await fs.promises[step[0]](...step.slice(1));
      else value = await step;
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
}

function prepared(src, dest, options, sync) {
  const how = checkedOptions(options);
  how.sync = sync;
  return copyTop(toPath(src, 'src'), toPath(dest, 'dest'), how);
}

function cpSync(src, dest, options) {
  runSync(prepared(src, dest, options, true));
}

function cp(src, dest, options, callback) {
  if (typeof options === 'function') {
    callback = options;
    options = undefined;
  }
  validateFunction(callback, 'cb');
  const steps = prepared(src, dest, options, false);
  run(steps).then(() => process.nextTick(callback, null), (error) => process.nextTick(callback, error));
}

async function cpPromise(src, dest, options) {
  await run(prepared(src, dest, options, false));
}

module.exports = { cp, cpSync, cpPromise };
