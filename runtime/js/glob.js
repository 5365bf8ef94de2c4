// Glob patterns as Node's path.matchesGlob and fs.glob read them: *, ?, classes, **, braces and extended groups. A backslash is a
// separator, never an escape.

const MAX_EXPANSIONS = 100000;

// ---- braces -------------------------------------------------------------------

// The end of the group that opens at `start`, or -1.
function closing(text, start) {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  return -1;
}

function splitAtCommas(text) {
  const parts = [''];
  let depth = 0;
  for (const c of text) {
    if (c === ',' && depth === 0) {
      parts.push('');
      continue;
    }
    if (c === '{') depth++;
    else if (c === '}') depth--;
    parts[parts.length - 1] += c;
  }
  return parts;
}

const numeric = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/;
const alphabetic = /^([a-zA-Z])\.\.([a-zA-Z])(?:\.\.(-?\d+))?$/;

function range(body) {
  const numbers = numeric.exec(body);
  const match = numbers ?? alphabetic.exec(body);
  if (match === null) return undefined;
  const from = numbers ? Number(match[1]) : match[1].charCodeAt(0);
  const to = numbers ? Number(match[2]) : match[2].charCodeAt(0);
  const step = Math.max(Math.abs(Number(match[3] ?? 1)), 1) * (from <= to ? 1 : -1);
  const padded = numbers && [match[1], match[2]].some((text) => /^-?0\d/.test(text));
  const width = padded ? Math.max(match[1].length, match[2].length) : 0;
  const out = [];
  for (let n = from; (step > 0 ? n <= to : n >= to) && out.length < MAX_EXPANSIONS; n += step) {
    if (!numbers) out.push(String.fromCharCode(n));
    else if (n < 0) out.push(`-${String(-n).padStart(width - 1, '0')}`);
    else out.push(String(n).padStart(width, '0'));
  }
  return out;
}

/** 'a{b,c}' to ['ab', 'ac'], as a shell expands it. */
function expandBraces(pattern) {
  for (let at = pattern.indexOf('{'); at !== -1; at = pattern.indexOf('{', at + 1)) {
    if (pattern[at - 1] === '$') continue;
    const end = closing(pattern, at);
    if (end === -1) continue;
    const body = pattern.slice(at + 1, end);
    const parts = splitAtCommas(body);
    const choices = parts.length > 1 ? parts.flatMap(expandBraces) : range(body);
    if (choices === undefined) continue;
    const before = pattern.slice(0, at);
    const after = expandBraces(pattern.slice(end + 1));
    const out = [];
    for (const choice of choices) {
      for (const rest of after) {
        if (out.length < MAX_EXPANSIONS) out.push(before + choice + rest);
      }
    }
    return out;
  }
  return [pattern];
}

// ---- one segment ----------------------------------------------------------------

const CLASSES = {
  __proto__: null,
  alnum: '\\p{L}\\p{Nl}\\p{Nd}', alpha: '\\p{L}\\p{Nl}', ascii: '\\x00-\\x7f', blank: '\\p{Zs}\\t', cntrl: '\\p{Cc}', digit: '\\p{Nd}',
  graph: '!-~', lower: '\\p{Ll}', print: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}', punct: '\\p{P}', space: '\\p{Z}\\t\\r\\n\\v\\f', upper: '\\p{Lu}',
  word: '\\p{L}\\p{Nl}\\p{Nd}\\p{Pc}', xdigit: 'A-Fa-f0-9',
};

const escaped = (text) => text.replace(/[-[\]{}()*+?.,\\^$|#\s/]/g, '\\$&');

// A bracket expression at `start`: [source, where it ends, needs the u flag]; undefined if it is none.
function bracket(text, start) {
  let i = start + 1;
  const negated = text[i] === '!' || text[i] === '^';
  if (negated) i++;
  let source = '';
  let unicode = false;
  for (let first = true; i < text.length; first = false) {
    if (text[i] === ']' && !first) {
      if (source === '') return undefined;
      return [`[${negated ? '^' : ''}${source}]`, i + 1, unicode];
    }
    const named = /^\[:(\w+):\]/.exec(text.slice(i));
    if (named !== null && named[1] in CLASSES) {
      source += CLASSES[named[1]];
      unicode = true;
      i += named[0].length;
    } else if (text[i + 1] === '-' && text[i + 2] !== undefined && text[i + 2] !== ']') {
      // A range that runs backwards matches nothing.
      if (text[i] <= text[i + 2]) source += `${escaped(text[i])}-${escaped(text[i + 2])}`;
      i += 3;
    } else {
      source += escaped(text[i]);
      i++;
    }
  }
  return undefined;
}

// The end of an extended group whose parenthesis opens at `open`, or -1.
function groupEnd(text, open) {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

function alternatives(text) {
  const parts = [''];
  let depth = 0;
  for (const c of text) {
    if (c === '|' && depth === 0) {
      parts.push('');
      continue;
    }
    if (c === '(') depth++;
    else if (c === ')') depth--;
    parts[parts.length - 1] += c;
  }
  return parts;
}

const ANY = '[^/]';

// { source, magic, unicode } of a segment or a part of one; `rest` is the source of what follows it in the segment.
function translate(text, rest = '') {
  const pieces = [];
  let magic = false;
  let unicode = false;
  const group = (kind, body) => {
    magic = true;
    pieces.push({ kind, body });
  };
  for (let i = 0; i < text.length;) {
    const c = text[i];
    if ('?*+@!'.includes(c) && text[i + 1] === '(') {
      const end = groupEnd(text, i + 1);
      if (end !== -1) {
        group(c, alternatives(text.slice(i + 2, end)));
        i = end + 1;
        continue;
      }
    }
    if (c === '*') {
      while (text[i] === '*' && text[i + 1] === '*') i++;
      pieces.push(`${ANY}*?`);
      magic = true;
    } else if (c === '?') {
      pieces.push(ANY);
      magic = true;
    } else if (c === '[') {
      const found = bracket(text, i);
      if (found !== undefined) {
        pieces.push(found[0]);
        unicode ||= found[2];
        magic = true;
        i = found[1];
        continue;
      }
      pieces.push('\\[');
    } else {
      pieces.push(escaped(c));
    }
    i++;
  }
  let source = rest;
  for (const piece of pieces.reverse()) {
    if (typeof piece === 'string') {
      source = piece + source;
      continue;
    }
    const inner = piece.body.map((part) => translate(part));
    unicode ||= inner.some((part) => part.unicode);
    const either = inner.map((part) => part.source).join('|');
    if (piece.kind === '!') source = `(?:(?!(?:${either})${source}$)${ANY}*?)${source}`;
    else source = `(?:${either})${piece.kind === '@' ? '' : piece.kind}${source}`;
  }
  return { source, magic, unicode };
}

const globstar = Symbol('**');

function compileSegment(text) {
  if (text === '**') return globstar;
  const { source, magic, unicode } = translate(text);
  if (!magic) return text;
  // A wildcard in front takes no dot, and no name is empty.
  const guard = /^[*?[+@!]/.test(text) && text[0] !== '.' ? '(?!\\.)' : '';
  return new RegExp(`^(?!\\.{1,2}$)(?=.)${guard}${source}$`, unicode ? 'su' : 's');
}

// ---- whole paths ------------------------------------------------------------------

// Takes out what changes nothing: empty segments and dots inside, names that '..' takes back.
function simplified(parts) {
  parts = parts.filter((part, i) => i === 0 || i === parts.length - 1 || (part !== '.' && part !== '') ||
    (i === 1 && part === '' && parts[0] === ''));
  for (let at = parts.indexOf('..', 1); at !== -1; at = parts.indexOf('..', at)) {
    const name = parts[at - 1];
    if (name && name !== '.' && name !== '..' && name !== '**') {
      parts.splice(at - 1, 2);
      at = Math.max(at - 1, 1);
    } else {
      at++;
    }
  }
  return parts.length === 0 ? [''] : parts;
}

const isDots = (name) => name === '.' || name === '..';

function matchParts(names, parts, n = 0, p = 0) {
  for (; n < names.length && p < parts.length; n++, p++) {
    const part = parts[p];
    if (part === globstar) {
      while (parts[p + 1] === globstar) p++;
      if (p + 1 === parts.length) return names.slice(n).every((name) => name[0] !== '.');
      for (let k = n; k <= names.length; k++) {
        if (matchParts(names, parts, k, p + 1)) return true;
        if (k === names.length || isDots(names[k]) || names[k][0] === '.') return false;
      }
      return false;
    }
    if (typeof part === 'string' ? names[n] !== part : !part.test(names[n])) return false;
  }
  if (p === parts.length) return n === names.length || (n === names.length - 1 && names[n] === '');
  return false;
}

/** A function that tells whether a path fits the pattern. */
function matcher(pattern, windows) {
  const alternativesOf = expandBraces(pattern.replaceAll('\\', '/'))
    .map((text) => simplified(text.split(/\/+/)).map(compileSegment));
  return (path) => {
    if (windows) path = path.replaceAll('\\', '/');
    const names = simplified(path.split(/\/+/));
    return alternativesOf.some((parts) => matchParts(names, parts));
  };
}

module.exports = { matcher, expandBraces };
