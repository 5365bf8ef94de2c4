// fs.glob, fs.globSync and fs.promises.glob: names by patterns. A pattern is split at slashes; each part is a literal, `**`, or
// compiled to a regular expression. The search is a generator that yields the folders it wants read, so that it can be driven
// synchronously or not.
const fs = require('fs');
const { codes } = require('./errors');
const { validateBoolean, validateFunction, validateObject, validateStringArray } = require('./validators');
const { isAbsolute, join, resolve } = require('path');
const { toPath } = require('./fs_native');

const POSIX_CLASSES = {
  __proto__: null,
  alnum: '\\p{L}\\p{Nl}\\p{Nd}', alpha: '\\p{L}\\p{Nl}', ascii: '\\x00-\\x7f', blank: '\\p{Zs}\\t', cntrl: '\\p{Cc}', digit: '\\p{Nd}', lower: '\\p{Ll}',
  print: '\\P{C}', punct: '\\p{P}', space: '\\p{Z}\\t\\r\\n\\v\\f', upper: '\\p{Lu}', word: '\\p{L}\\p{Nl}\\p{Nd}\\p{Pc}', xdigit: 'A-Fa-f0-9',
};

// ---- patterns ----

/** `a{b,c}d` → `abd`, `acd`; `{1..3}` → 1, 2, 3. */
function expandBraces(pattern) {
  let depth = 0;
  let start = -1;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === '\\') {
      i++;
    } else if (c === '{') {
      if (depth++ === 0) start = i;
    } else if (c === '}' && depth > 0 && --depth === 0) {
      const options = alternatives(pattern.slice(start + 1, i));
      if (options) {
        const head = pattern.slice(0, start);
        const tails = expandBraces(pattern.slice(i + 1));
        return options.flatMap((option) => expandBraces(option).flatMap((middle) => tails.map((tail) => head + middle + tail)));
      }
    }
  }
  return [pattern];
}

function alternatives(body) {
  const range = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/.exec(body);
  if (range) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    const step = Math.max(Math.abs(Number(range[3] ?? 1)), 1) * (from <= to ? 1 : -1);
    const width = /^-?0\d/.test(range[1]) || /^-?0\d/.test(range[2]) ? Math.max(range[1].length, range[2].length) : 0;
    const out = [];
    for (let n = from; step > 0 ? n <= to : n >= to; n += step) out.push(String(n).padStart(width, '0'));
    return out;
  }
  const letters = /^([a-zA-Z])\.\.([a-zA-Z])$/.exec(body);
  if (letters) {
    const [from, to] = [letters[1].charCodeAt(0), letters[2].charCodeAt(0)];
    const step = from <= to ? 1 : -1;
    return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => String.fromCharCode(from + i * step));
  }
  const out = [];
  let depth = 0;
  let last = 0;
  for (let i = 0; i < body.length; i++) {
    if (body[i] === '\\') i++;
    else if (body[i] === '{') depth++;
    else if (body[i] === '}') depth--;
    else if (body[i] === ',' && depth === 0) {
      out.push(body.slice(last, i));
      last = i + 1;
    }
  }
  if (out.length === 0) return null;
  out.push(body.slice(last));
  return out;
}

const escaped = (c) => (/[\\^$.*+?()[\]{}|/-]/.test(c) ? `\\${c}` : c);

/** The set that begins at `[`; `null` when it has no end. */
function compileSet(text, at) {
  let i = at + 1;
  let negated = false;
  if (text[i] === '!' || text[i] === '^') {
    negated = true;
    i++;
  }
  let body = '';
  for (let first = true; i < text.length; first = false) {
    if (text[i] === ']' && !first) return { source: `[${negated ? '^' : ''}${body}]`, end: i + 1 };
    const named = /^\[:(\w+):\]/.exec(text.slice(i));
    if (named && POSIX_CLASSES[named[1]]) {
      body += POSIX_CLASSES[named[1]];
      i += named[0].length;
      continue;
    }
    if (text[i] === '-' && !first && text[i + 1] !== ']') body += '-';
    else if (text[i] === '\\' && i + 1 < text.length) body += escaped(text[++i]);
    else body += escaped(text[i]);
    i++;
  }
  return null;
}

/** One part of a pattern as the source of a regular expression, from `at` to its end (or to what closes an extended group). */
function compilePart(text, at, inGroup) {
  let source = '';
  let i = at;
  while (i < text.length) {
    const c = text[i];
    if (inGroup && (c === '|' || c === ')')) break;
    if ('?*+@!'.includes(c) && text[i + 1] === '(') {
      const group = compileGroup(text, i + 2);
      if (group) {
        const { options, end } = group;
        const body = options.join('|');
        if (c === '!') source += `(?:(?!(?:${body})${compilePart(text, end, inGroup).source}${inGroup ? '' : '$'})[^/]*?)`;
        else source += `(?:${body})${c === '@' ? '' : c}`;
        i = end;
        continue;
      }
    }
    if (c === '*') {
      source += '[^/]*?';
      while (text[i + 1] === '*') i++;
    } else if (c === '?') {
      source += '[^/]';
    } else if (c === '[') {
      const set = compileSet(text, i);
      if (set) {
        source += set.source;
        i = set.end;
        continue;
      }
      source += '\\[';
    } else if (c === '\\' && i + 1 < text.length) {
      source += escaped(text[++i]);
    } else {
      source += escaped(c);
    }
    i++;
  }
  return { source, end: i };
}

function compileGroup(text, at) {
  const options = [];
  let i = at;
  for (;;) {
    const { source, end } = compilePart(text, i, true);
    if (end >= text.length) return null;
    options.push(source);
    i = end + 1;
    if (text[end] === ')') return { options, end: i };
  }
}

const ANY_DEPTH = Symbol('**');

function compileSegment(text) {
  if (text === '**') return ANY_DEPTH;
  if (!/[*?[\]()!+@\\]/.test(text)) return text;
  if (!/[*?[]|[+@!]\(/.test(text)) return text.replace(/\\(.)/g, '$1');
  const { source } = compilePart(text, 0, false);
  // A leading dot is matched by a dot only.
  const guard = text.startsWith('.') ? '' : '(?!\\.)';
  return new RegExp(`^${guard}${source}$`, 'u');
}

/** `{ absolute, parts }`: without `.`, without names that a following `..` takes back, without doubled `**`. */
function compilePattern(pattern) {
  const absolute = isAbsolute(pattern);
  const parts = [];
  const texts = pattern.split('/');
  texts.forEach((text, i) => {
    const last = i === texts.length - 1;
    if (text === '' && !last) return;
    if (text === '.' && texts.length > 1 && !(last && parts.length === 0)) return;
    const before = parts.at(-1);
    if (text === '..' && typeof before === 'string' && before !== '..' && before !== '.') {
      parts.pop();
      return;
    }
    if (text === '**' && before === ANY_DEPTH) return;
    parts.push(compileSegment(text));
  });
  return { absolute, parts };
}

const compileAll = (patterns) => patterns.flatMap((pattern) => expandBraces(pattern).map(compilePattern));

/** Whether a relative path matches a compiled pattern. */
function isMatch({ parts }, path) {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const from = (p, n) => {
    if (p === parts.length) return n === names.length;
    const part = parts[p];
    if (part === ANY_DEPTH) {
      for (let k = n; k <= names.length; k++) {
        if (from(p + 1, k)) return true;
        if (names[k]?.startsWith('.')) return false;
      }
      return false;
    }
    if (part === '' && p === parts.length - 1) return n === names.length;
    if (n === names.length) return false;
    return (typeof part === 'string' ? part === names[n] : part.test(names[n])) && from(p + 1, n + 1);
  };
  return from(0, 0);
}

// ---- the search ----

class Search {
  #patterns;
  #cwd;
  #types;
  #excludes;
  #found = new Set();
  #folders = new Map();

  constructor(pattern, options = {}) {
    validateObject(options, 'options');
    const { cwd, exclude, withFileTypes = false } = options;
    validateBoolean(withFileTypes, 'options.withFileTypes');
    this.#cwd = cwd === undefined ? '.' : toPath(cwd, 'options.cwd');
    this.#types = withFileTypes;
    if (exclude !== undefined && exclude !== null) {
      if (Array.isArray(exclude)) {
        validateStringArray(exclude, 'options.exclude');
        const patterns = compileAll(exclude);
        this.#excludes = (path) => patterns.some((p) => isMatch(p, path));
      } else {
        validateFunction(exclude, 'options.exclude');
        this.#excludes = (path, entry) => exclude(withFileTypes ? entry : path);
      }
    }
    let patterns = pattern;
    if (typeof pattern === 'string') patterns = [pattern];
    else validateStringArray(pattern, 'patterns');
    this.#patterns = compileAll(patterns);
  }

  /** Yields `{ read }` (a folder to read, answered with its entries or none), `{ look }` (a path) and `{ found }`. */
  *run() {
    for (const { absolute, parts } of this.#patterns) yield* this.#descend(absolute ? '/' : '', parts, 0);
  }

  #full(path) {
    return path === '' ? this.#cwd : isAbsolute(path) ? path : join(this.#cwd, path);
  }

  *#entries(path) {
    let entries = this.#folders.get(path);
    if (entries === undefined) {
      entries = yield { read: this.#full(path) };
      this.#folders.set(path, entries);
    }
    return entries;
  }

  *#add(path, entry) {
    const name = path === '' ? '.' : path;
    if (this.#found.has(name)) return;
    entry ??= this.#types || this.#excludes ? yield { look: this.#full(path) } : undefined;
    if (entry === null || this.#excludes?.(name, entry)) return;
    this.#found.add(name);
    yield { found: this.#types ? entry : name };
  }

  *#descend(path, parts, at) {
    if (at === parts.length) {
      yield* this.#add(path);
      return;
    }
    const part = parts[at];
    const last = at === parts.length - 1;
    const below = (name) => (path === '' || path === '/' ? path + name : `${path}/${name}`);
    if (part === '') {
      // The pattern ends in a slash: folders only.
      if ((yield* this.#entries(path)) !== null) yield* this.#add(path);
      return;
    }
    if (typeof part === 'string') {
      const next = below(part);
      if (!last) yield* this.#descend(next, parts, at + 1);
      else if ((yield { look: this.#full(next) }) !== null) yield* this.#add(next);
      return;
    }
    if (part === ANY_DEPTH) yield* this.#descend(path, parts, at + 1);
    for (const entry of (yield* this.#entries(path)) ?? []) {
      const next = below(entry.name);
      if (part === ANY_DEPTH) {
        if (entry.name.startsWith('.')) continue;
        if (this.#excludes && entry.isDirectory() && this.#excludes(next, entry)) continue;
        if (entry.isDirectory()) yield* this.#descend(next, parts, at);
        else if (last) yield* this.#add(next, entry);
      } else if (part.test(entry.name)) {
        if (last) yield* this.#add(next, entry);
        else if (entry.isDirectory() || entry.isSymbolicLink()) yield* this.#descend(next, parts, at + 1);
      }
    }
  }
}

// What can't be read has no entries: a pattern may well name files where folders would have to be.
const UNREADABLE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP']);

function absent(error) {
  if (UNREADABLE.has(error.code)) return null;
  throw error;
}

function asEntry(path, stats) {
  const full = resolve(path);
  const kinds = [['isFile', 1], ['isDirectory', 2], ['isSymbolicLink', 3], ['isFIFO', 4], ['isSocket', 5], ['isCharacterDevice', 6], ['isBlockDevice', 7]];
  const kind = kinds.find(([test]) => stats[test]())?.[1] ?? 0;
  return new fs.Dirent(full.slice(full.lastIndexOf('/') + 1), kind, path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.');
}

function globSync(pattern, options) {
  const out = [];
  const steps = new Search(pattern, options).run();
  for (let next = steps.next(); !next.done;) {
    const { read, look, found } = next.value;
    let answer;
    try {
      if (read !== undefined) answer = fs.readdirSync(read, { withFileTypes: true });
      else if (look !== undefined) answer = asEntry(look, fs.lstatSync(look));
      else out.push(found);
    } catch (error) {
      answer = absent(error);
    }
    next = steps.next(answer);
  }
  return out;
}

async function* walk(search) {
  const steps = search.run();
  for (let next = steps.next(); !next.done;) {
    const { read, look, found } = next.value;
    let answer;
    if (found !== undefined) {
      yield found;
    } else {
      try {
        if (read !== undefined) answer = await fs.promises.readdir(read, { withFileTypes: true });
        else answer = asEntry(look, await fs.promises.lstat(look));
      } catch (error) {
        answer = absent(error);
      }
    }
    next = steps.next(answer);
  }
}

async function* globPromise(pattern, options) {
  yield* walk(new Search(pattern, options));
}

function glob(pattern, options, callback) {
  if (typeof options === 'function') {
    callback = options;
    options = undefined;
  }
  validateFunction(callback, 'cb');
  const search = new Search(pattern, options);
  const all = async () => {
    const out = [];
    for await (const item of walk(search)) out.push(item);
    return out;
  };
  all().then((list) => process.nextTick(callback, null, list), (error) => process.nextTick(callback, error));
}

/** path.matchesGlob. */
function matchesGlob(path, pattern) {
  return expandBraces(pattern).some((p) => isMatch(compilePattern(p), path));
}

module.exports = { glob, globPromise, globSync, matchesGlob };
