// node:path: posix and win32 path arithmetic; nothing here touches the file system.
//
// Native helpers: binding.matchesGlob(path, pattern, windows) -> boolean (optional; path.matchesGlob throws without it).

const { validateString, validateObject } = require('./validators');

const SLASH = 47;
const BACKSLASH = 92;
const COLON = 58;
const DOT = 46;

const isWindows = process.platform === 'win32';
const isForward = (code) => code === SLASH;
const isEither = (code) => code === SLASH || code === BACKSLASH;
const isDriveLetter = (code) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** Resolves `.` and `..` in a path without its root. Leading `..` stay where `allowAbove` is true. */
function resolveDots(path, allowAbove, separator, isSeparator) {
  const kept = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && !isSeparator(path.charCodeAt(i))) continue;
    const part = path.slice(start, i);
    start = i + 1;
    if (part === '' || part === '.') continue;
    if (part !== '..') {
      kept.push(part);
    } else if (kept.length > 0 && kept[kept.length - 1] !== '..') {
      kept.pop();
    } else if (allowAbove) {
      kept.push('..');
    }
  }
  return kept.join(separator);
}

function formatPath(separator, pathObject) {
  validateObject(pathObject, 'pathObject');
  const dir = pathObject.dir || pathObject.root;
  const extension = pathObject.ext ? `${pathObject.ext[0] === '.' ? '' : '.'}${pathObject.ext}` : '';
  const base = pathObject.base || `${pathObject.name || ''}${extension}`;
  if (!dir) return base;
  return dir === pathObject.root ? `${dir}${base}` : `${dir}${separator}${base}`;
}

// The last part of `path` from `start` on: [start, end) without trailing separators; start = end where there is none.
function lastPart(path, start, isSeparator) {
  let end = path.length;
  while (end > start && isSeparator(path.charCodeAt(end - 1))) end--;
  let begin = end;
  while (begin > start && !isSeparator(path.charCodeAt(begin - 1))) begin--;
  return [begin, end];
}

// Where the extension of a base name starts; its length where it has none (".bashrc", "..", "a" have none).
function extensionStart(base) {
  const dot = base.lastIndexOf('.');
  if (dot <= 0 || base === '..') return base.length;
  return dot;
}

function baseWithoutSuffix(path, start, suffix, isSeparator) {
  const [begin, end] = lastPart(path, start, isSeparator);
  if (suffix === undefined || suffix.length === 0 || suffix.length > path.length) return path.slice(begin, end);
  if (suffix === path) return '';
  const base = path.slice(begin, end);
  // A name that is nothing but the suffix keeps it.
  return base.length > suffix.length && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
}

function matchesGlob(path, pattern, windows) {
  validateString(path, 'path');
  validateString(pattern, 'pattern');
  return require('./glob').matcher(pattern, windows)(path);
}

const posixCwd = () => {
  const cwd = process.cwd();
  if (!isWindows) return cwd;
  const slashed = cwd.replaceAll('\\', '/');
  return slashed.slice(slashed.indexOf('/'));
};

// ---- posix ----------------------------------------------------------------

const posix = {
  resolve(...parts) {
    let resolved = '';
    let absolute = false;
    for (let i = parts.length - 1; i >= 0 && !absolute; i--) {
      const part = parts[i];
      validateString(part, `paths[${i}]`);
      if (part.length === 0) continue;
      resolved = `${part}/${resolved}`;
      absolute = part.charCodeAt(0) === SLASH;
    }
    if (!absolute) {
      const cwd = posixCwd();
      resolved = `${cwd}/${resolved}`;
      absolute = cwd.charCodeAt(0) === SLASH;
    }
    resolved = resolveDots(resolved, !absolute, '/', isForward);
    if (absolute) return `/${resolved}`;
    return resolved.length > 0 ? resolved : '.';
  },

  normalize(path) {
    validateString(path, 'path');
    if (path.length === 0) return '.';
    const absolute = path.charCodeAt(0) === SLASH;
    const trailing = path.charCodeAt(path.length - 1) === SLASH;
    let result = resolveDots(path, !absolute, '/', isForward);
    if (result.length === 0) {
      if (absolute) return '/';
      return trailing ? './' : '.';
    }
    if (trailing) result += '/';
    return absolute ? `/${result}` : result;
  },

  isAbsolute(path) {
    validateString(path, 'path');
    return path.length > 0 && path.charCodeAt(0) === SLASH;
  },

  join(...parts) {
    const given = [];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      validateString(part, 'path');
      if (part.length > 0) given.push(part);
    }
    return given.length === 0 ? '.' : posix.normalize(given.join('/'));
  },

  relative(from, to) {
    validateString(from, 'from');
    validateString(to, 'to');
    if (from === to) return '';
    from = posix.resolve(from);
    to = posix.resolve(to);
    if (from === to) return '';
    return climb(from.split('/').slice(1), to.split('/').slice(1));
  },

  toNamespacedPath(path) {
    return path;
  },

  dirname(path) {
    validateString(path, 'path');
    if (path.length === 0) return '.';
    const [begin] = lastPart(path, 0, isForward);
    if (begin === 0) return path.charCodeAt(0) === SLASH ? '/' : '.';
    let end = begin - 1;
    if (end === 0) return '/';
    // "//a" keeps its two slashes.
    if (end === 1 && path.charCodeAt(0) === SLASH && path.charCodeAt(1) === SLASH && begin === 2) return '//';
    return path.slice(0, end);
  },

  basename(path, suffix) {
    if (suffix !== undefined) validateString(suffix, 'suffix');
    validateString(path, 'path');
    return baseWithoutSuffix(path, 0, suffix, isForward);
  },

  extname(path) {
    validateString(path, 'path');
    const [begin, end] = lastPart(path, 0, isForward);
    const base = path.slice(begin, end);
    return base.slice(extensionStart(base));
  },

  format: formatPath.bind(null, '/'),

  parse(path) {
    validateString(path, 'path');
    const result = { root: '', dir: '', base: '', ext: '', name: '' };
    if (path.length === 0) return result;
    const absolute = path.charCodeAt(0) === SLASH;
    if (absolute) result.root = '/';
    const [begin, end] = lastPart(path, absolute ? 1 : 0, isForward);
    splitBase(result, path.slice(begin, end));
    // Node takes the second dot of "/.." for an extension; so do programs that compare with it.
    if (absolute && begin === 1 && result.base === '..') {
      result.name = '.';
      result.ext = '.';
    }
    if (begin > 1) result.dir = path.slice(0, begin - 1);
    else if (absolute) result.dir = '/';
    return result;
  },

  matchesGlob(path, pattern) {
    return matchesGlob(path, pattern, false);
  },

  sep: '/',
  delimiter: ':',
  win32: null,
  posix: null,
};

function splitBase(result, base) {
  const dot = extensionStart(base);
  result.base = base;
  result.name = base.slice(0, dot);
  result.ext = base.slice(dot);
}

// From one list of folders to another: as many `..` as needed, then down.
function climb(from, to) {
  if (from.length === 1 && from[0] === '') from = [];
  if (to.length === 1 && to[0] === '') to = [];
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  const up = from.slice(same).map(() => '..');
  return [...up, ...to.slice(same)].join('/');
}

// ---- win32 ----------------------------------------------------------------

// Names that Windows gives to devices, wherever they stand.
const RESERVED = new Set(['CON', 'PRN', 'AUX', 'NUL', 'COM1', 'COM2', 'COM3', 'COM4', 'COM5', 'COM6', 'COM7', 'COM8', 'COM9', 'LPT1', 'LPT2', 'LPT3',
  'LPT4', 'LPT5', 'LPT6', 'LPT7', 'LPT8', 'LPT9', 'COM\u00b9', 'COM\u00b2', 'COM\u00b3', 'LPT\u00b9', 'LPT\u00b2', 'LPT\u00b3']);
const isReserved = (path, colon) => RESERVED.has(path.slice(0, colon).toUpperCase());

// Splits off the root: { device: 'C:' or '\\\\host\\share', end: index after device and separator, absolute, length of the device text }.
function windowsRoot(path) {
  const none = { device: '', end: 0, absolute: false };
  if (path.length === 0) return none;
  const first = path.charCodeAt(0);
  if (isEither(first)) return uncRoot(path) ?? { device: '', end: 1, absolute: true };
  if (isDriveLetter(first) && path.charCodeAt(1) === COLON) {
    const absolute = path.length > 2 && isEither(path.charCodeAt(2));
    return { device: path.slice(0, 2), end: absolute ? 3 : 2, absolute };
  }
  return none;
}

// "\\host\share" and the device forms "\\.\" and "\\?\".
function uncRoot(path) {
  if (path.length < 2 || !isEither(path.charCodeAt(1))) return undefined;
  let i = 2;
  while (i < path.length && !isEither(path.charCodeAt(i))) i++;
  if (i >= path.length || i === 2) return undefined;
  const host = path.slice(2, i);
  const afterHost = i;
  while (i < path.length && isEither(path.charCodeAt(i))) i++;
  if (i >= path.length || i === afterHost) return undefined;
  const shareStart = i;
  while (i < path.length && !isEither(path.charCodeAt(i))) i++;
  if (host === '.' || host === '?') {
    // A device has no share: its name belongs to the path.
    return { device: `\\\\${host}`, end: 4, absolute: true, host, share: path.slice(shareStart, i), last: i, isDevice: true };
  }
  return { device: `\\\\${host}\\${path.slice(shareStart, i)}`, end: i, absolute: true, host, share: path.slice(shareStart, i), last: i, isUnc: true };
}

const win32 = {
  resolve(...parts) {
    let device = '';
    let tail = '';
    let absolute = false;
    for (let i = parts.length - 1; i >= -1; i--) {
      let path;
      if (i >= 0) {
        path = parts[i];
        validateString(path, `paths[${i}]`);
        if (path.length === 0) continue;
      } else if (device.length === 0) {
        path = process.cwd();
        // The commonest question of all.
        if (parts.length === 0 || (parts.length === 1 && (parts[0] === '' || parts[0] === '.') && isEither(path.charCodeAt(0)))) {
          return isWindows ? path : path.replaceAll('/', '\\');
        }
      } else {
        path = process.env[`=${device}`] || process.cwd();
        // A folder of another drive is no answer: use the drive's root.
        if (path === undefined || (path.slice(0, 2).toLowerCase() !== device.toLowerCase() && path.charCodeAt(2) === BACKSLASH)) path = `${device}\\`;
      }
      const root = windowsRoot(path);
      if (root.device.length > 0) {
        if (device.length > 0) {
          if (root.device.toLowerCase() !== device.toLowerCase()) continue;
        } else {
          device = root.device;
        }
      }
      if (absolute) {
        if (device.length > 0) break;
      } else {
        tail = `${path.slice(root.end)}\\${tail}`;
        absolute = root.absolute;
        if (absolute && device.length > 0) break;
      }
    }
    tail = resolveDots(tail, !absolute, '\\', isEither);
    return absolute ? `${device}\\${tail}` : `${device}${tail}` || '.';
  },

  normalize(path) {
    validateString(path, 'path');
    if (path.length === 0) return '.';
    if (path.length === 1) return path === '/' ? '\\' : path;
    const root = windowsRoot(path);
    if (root.isUnc && root.last === path.length) return `${root.device}\\`;
    let { device } = root;
    if (root.isDevice) device = `\\\\${root.host}`;
    const colon = path.indexOf(':');
    if (root.end === 0 && colon > 0 && isReserved(path, colon)) {
      const rest = resolveDots(path.slice(colon + 1), true, '\\', isEither) || '.';
      return `.\\${path.slice(0, colon + 1)}${rest}${isEither(path.charCodeAt(path.length - 1)) ? '\\' : ''}`;
    }
    let tail = root.end < path.length ? resolveDots(path.slice(root.end), !root.absolute, '\\', isEither) : '';
    if (tail.length === 0 && !root.absolute) tail = '.';
    if (tail.length > 0 && isEither(path.charCodeAt(path.length - 1))) tail += '\\';
    if (!root.absolute && root.device === '' && path.includes(':')) {
      // Nothing that was relative may come out as a drive.
      if (tail.length >= 2 && isDriveLetter(tail.charCodeAt(0)) && tail.charCodeAt(1) === COLON) return `.\\${tail}`;
      for (let at = path.indexOf(':'); at !== -1; at = path.indexOf(':', at + 1)) {
        if (at === path.length - 1 || isEither(path.charCodeAt(at + 1))) return `.\\${tail}`;
      }
    }
    if (colon !== -1 && isReserved(path, colon)) return `.\\${device}${tail}`;
    return `${device}${root.absolute ? '\\' : ''}${tail}`;
  },

  isAbsolute(path) {
    validateString(path, 'path');
    if (path.length === 0) return false;
    const first = path.charCodeAt(0);
    return isEither(first) || (path.length > 2 && isDriveLetter(first) && path.charCodeAt(1) === COLON && isEither(path.charCodeAt(2)));
  },

  join(...parts) {
    const given = [];
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      validateString(part, 'path');
      if (part.length > 0) given.push(part);
    }
    if (given.length === 0) return '.';
    let joined = given.join('\\');
    // Only a first part that itself starts like a UNC path may make one.
    const first = given[0];
    let needsReplace = true;
    let slashes = 0;
    if (isEither(first.charCodeAt(0))) {
      slashes++;
      if (first.length > 1 && isEither(first.charCodeAt(1))) {
        slashes++;
        if (first.length > 2) {
          if (isEither(first.charCodeAt(2))) slashes++;
          else needsReplace = false;
        }
      }
    }
    if (needsReplace) {
      while (slashes < joined.length && isEither(joined.charCodeAt(slashes))) slashes++;
      if (slashes >= 2) joined = `\\${joined.slice(slashes)}`;
    }
    if (hasReservedPart(joined)) return joined.replaceAll('/', '\\');
    return win32.normalize(joined);
  },

  relative(from, to) {
    validateString(from, 'from');
    validateString(to, 'to');
    if (from === to) return '';
    const fromFull = win32.resolve(from);
    const toFull = win32.resolve(to);
    if (fromFull === toFull || fromFull.toLowerCase() === toFull.toLowerCase()) return '';
    return windowsRelative(fromFull, toFull);
  },

  toNamespacedPath(path) {
    if (typeof path !== 'string' || path.length === 0) return path;
    const resolved = win32.resolve(path);
    if (resolved.length <= 2) return path;
    if (resolved.charCodeAt(0) === BACKSLASH && resolved.charCodeAt(1) === BACKSLASH) {
      const code = resolved.charCodeAt(2);
      if (code !== 63 && code !== DOT) return `\\\\?\\UNC\\${resolved.slice(2)}`;
    } else if (isDriveLetter(resolved.charCodeAt(0)) && resolved.charCodeAt(1) === COLON && resolved.charCodeAt(2) === BACKSLASH) {
      return `\\\\?\\${resolved}`;
    }
    return resolved;
  },

  dirname(path) {
    validateString(path, 'path');
    if (path.length === 0) return '.';
    if (path.length === 1) return isEither(path.charCodeAt(0)) ? path : '.';
    const root = parseRoot(path);
    if (root.whole) return path;
    const [begin] = lastPart(path, root.end, isEither);
    if (begin === root.end) return root.end === 0 ? '.' : path.slice(0, root.end);
    return path.slice(0, begin - 1 < root.end ? root.end : begin - 1);
  },

  basename(path, suffix) {
    if (suffix !== undefined) validateString(suffix, 'suffix');
    validateString(path, 'path');
    const drive = path.length >= 2 && isDriveLetter(path.charCodeAt(0)) && path.charCodeAt(1) === COLON;
    return baseWithoutSuffix(path, drive ? 2 : 0, suffix, isEither);
  },

  extname(path) {
    validateString(path, 'path');
    const drive = path.length >= 2 && path.charCodeAt(1) === COLON && isDriveLetter(path.charCodeAt(0));
    const [begin, end] = lastPart(path, drive ? 2 : 0, isEither);
    const base = path.slice(begin, end);
    return base.slice(extensionStart(base));
  },

  format: formatPath.bind(null, '\\'),

  parse(path) {
    validateString(path, 'path');
    const result = { root: '', dir: '', base: '', ext: '', name: '' };
    if (path.length === 0) return result;
    if (path.length === 1) {
      if (isEither(path.charCodeAt(0))) {
        result.root = path;
        result.dir = path;
      } else {
        result.base = path;
        result.name = path;
      }
      return result;
    }
    const root = parseRoot(path);
    if (root.whole) {
      result.root = path;
      result.dir = path;
      return result;
    }
    result.root = path.slice(0, root.end);
    const [begin, end] = lastPart(path, root.end, isEither);
    splitBase(result, path.slice(begin, end));
    result.dir = begin > 0 && begin !== root.end ? path.slice(0, begin - 1) : result.root;
    return result;
  },

  matchesGlob(path, pattern) {
    return matchesGlob(path, pattern, true);
  },

  sep: '\\',
  delimiter: ';',
  win32: null,
  posix: null,
};

// The text between leading and trailing backslashes: [start, end).
function trimmed(path) {
  let start = 0;
  while (start < path.length && path.charCodeAt(start) === BACKSLASH) start++;
  let end = path.length;
  while (end - 1 > start && path.charCodeAt(end - 1) === BACKSLASH) end--;
  return [start, end];
}

// Between two absolute paths, compared without case, letter by letter up to the last separator that both have. Where nothing is common
// (different drives, shares or top folders) the answer is the target itself.
function windowsRelative(fromFull, toFull) {
  const [fromStart, fromEnd] = trimmed(fromFull);
  const [toStart, toEnd] = trimmed(toFull);
  const from = fromFull.toLowerCase();
  const to = toFull.toLowerCase();
  const length = Math.min(fromEnd - fromStart, toEnd - toStart);
  let common = -1;
  let i = 0;
  for (; i < length; i++) {
    const code = from.charCodeAt(fromStart + i);
    if (code !== to.charCodeAt(toStart + i)) break;
    if (code === BACKSLASH) common = i;
  }
  if (i !== length) {
    if (common === -1) return toFull;
  } else {
    if (toEnd - toStart > length) {
      if (to.charCodeAt(toStart + i) === BACKSLASH) return toFull.slice(toStart + i + 1);
      if (i === 2) return toFull.slice(toStart + i);
    }
    if (fromEnd - fromStart > length) {
      if (from.charCodeAt(fromStart + i) === BACKSLASH) common = i;
      else if (i === 2) common = 3;
    }
    if (common === -1) common = 0;
  }
  let climbing = '';
  for (let at = fromStart + common + 1; at <= fromEnd; at++) {
    if (at === fromEnd || from.charCodeAt(at) === BACKSLASH) climbing += climbing.length === 0 ? '..' : '\\..';
  }
  let start = toStart + common;
  if (climbing.length > 0) return climbing + toFull.slice(start, toEnd);
  if (toFull.charCodeAt(start) === BACKSLASH) start++;
  return toFull.slice(start, toEnd);
}

// The root as dirname and parse see it: its end as written, and whether the path is nothing but a root.
function parseRoot(path) {
  const first = path.charCodeAt(0);
  if (isEither(first)) {
    const unc = uncRoot(path);
    if (unc === undefined) return { end: 1, whole: false };
    if (unc.last === path.length) return { end: unc.last, whole: true };
    return { end: unc.last + 1, whole: false };
  }
  if (isDriveLetter(first) && path.charCodeAt(1) === COLON) {
    if (path.length <= 2) return { end: 2, whole: true };
    if (!isEither(path.charCodeAt(2))) return { end: 2, whole: false };
    return { end: 3, whole: path.length === 3 };
  }
  return { end: 0, whole: false };
}

// A device name such as "CON:" among the parts: such a path is joined but not normalized, lest `..` bring the device to the front.
function hasReservedPart(path) {
  if (!path.includes(':')) return false;
  for (const part of path.split('\\')) {
    const colon = part.indexOf(':');
    if (colon !== -1 && isReserved(part, colon)) return true;
  }
  return false;
}

posix.win32 = win32.win32 = win32;
posix.posix = win32.posix = posix;
win32._makeLong = win32.toNamespacedPath;
posix._makeLong = posix.toNamespacedPath;

module.exports = isWindows ? win32 : posix;
