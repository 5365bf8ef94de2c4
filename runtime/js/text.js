// Text helpers shared by inspect, format, console and util: escape sequences, column widths, quoting of strings and the digits of numbers.
//
// Everything here is a pure function of its arguments; no native helper is used.

const RegExpExec = RegExp.prototype.exec;
const regExpExec = (re, s) => RegExpExec.call(re, s);

// ---- terminal escape sequences --------------------------------------------

// A control sequence starts with ESC or CSI. What follows is either an operating-system command, closed by BEL or ST, or
// numeric parameters and one final byte.
const OSC = '(?:(?:(?:;[-a-zA-Z\\d/#&.:=?%@~_]+)*|[a-zA-Z\\d]+(?:;[-a-zA-Z\\d/#&.:=?%@~_]*)*)?(?:\\u0007|\\u001b\\\\|\\u009c))';
const CSI = '(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PR-TZcf-nq-uy=><~])';
const controlSequence = new RegExp(`[\\u001b\\u009b][[\\]()#;?]*(?:${OSC}|${CSI})`, 'g');
const sgrSequence = /\u001b\[\d\d?m/g;

/** Removes every terminal control sequence. */
function stripControl(text) {
  return text.indexOf('\u001b') === -1 && text.indexOf('\u009b') === -1 ? text : text.replace(controlSequence, '');
}

/** Removes only the colour sequences that our own stylizer writes (cheaper than the full pattern). */
function stripColors(text) {
  return text.replace(sgrSequence, '');
}

// ---- column width ---------------------------------------------------------

// [first, last] pairs, ascending. Characters that take no column: combining marks, joiners, variation selectors.
const ZERO_WIDTH = [
  0x300, 0x36f, 0x483, 0x489, 0x591, 0x5bd, 0x5bf, 0x5bf, 0x5c1, 0x5c2, 0x5c4, 0x5c5, 0x610, 0x61a, 0x64b, 0x65f, 0x670, 0x670,
  0x6d6, 0x6dc, 0x6df, 0x6e4, 0x6e7, 0x6e8, 0x6ea, 0x6ed, 0x7a6, 0x7b0, 0x7eb, 0x7f3, 0x816, 0x82d, 0x859, 0x85b, 0x8e3, 0x902,
  0x93a, 0x93a, 0x93c, 0x93c, 0x941, 0x948, 0x94d, 0x94d, 0xe31, 0xe31, 0xe34, 0xe3a, 0xe47, 0xe4e, 0x1160, 0x11ff, 0x135d, 0x135f,
  0x1ab0, 0x1aff, 0x1dc0, 0x1dff, 0x200b, 0x200f, 0x202a, 0x202e, 0x2060, 0x2064, 0x20d0, 0x20ff, 0x302a, 0x302d, 0x3099, 0x309a,
  0xa66f, 0xa672, 0xa674, 0xa67d, 0xa69e, 0xa69f, 0xfe00, 0xfe0f, 0xfe20, 0xfe2f, 0xfeff, 0xfeff, 0x1d167, 0x1d169, 0xe0001, 0xe007f,
  0xe0100, 0xe01ef,
];

// Characters that take two columns: East Asian wide and full-width forms, and emoji presented as pictures.
const DOUBLE_WIDTH = [
  0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3, 0x25fd, 0x25fe, 0x2614, 0x2615,
  0x2648, 0x2653, 0x267f, 0x267f, 0x2693, 0x2693, 0x26a1, 0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be, 0x26c4, 0x26c5, 0x26ce, 0x26ce,
  0x26d4, 0x26d4, 0x26ea, 0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa, 0x26fd, 0x26fd, 0x2705, 0x2705, 0x270a, 0x270b,
  0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797, 0x27b0, 0x27b0, 0x27bf, 0x27bf,
  0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55, 0x2e80, 0x303e, 0x3041, 0x33ff, 0x3400, 0x4dbf, 0x4e00, 0xa4cf, 0xa960, 0xa97f,
  0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6f, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18cff, 0x1b000, 0x1b2ff,
  0x1f004, 0x1f004, 0x1f0cf, 0x1f0cf, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f1e6, 0x1f202, 0x1f210, 0x1f23b, 0x1f240, 0x1f248,
  0x1f250, 0x1f251, 0x1f260, 0x1f265, 0x1f300, 0x1f320, 0x1f32d, 0x1f335, 0x1f337, 0x1f37c, 0x1f37e, 0x1f393, 0x1f3a0, 0x1f3ca,
  0x1f3cf, 0x1f3d3, 0x1f3e0, 0x1f3f0, 0x1f3f4, 0x1f3f4, 0x1f3f8, 0x1f43e, 0x1f440, 0x1f440, 0x1f442, 0x1f4fc, 0x1f4ff, 0x1f53d,
  0x1f54b, 0x1f54e, 0x1f550, 0x1f567, 0x1f57a, 0x1f57a, 0x1f595, 0x1f596, 0x1f5a4, 0x1f5a4, 0x1f5fb, 0x1f64f, 0x1f680, 0x1f6c5,
  0x1f6cc, 0x1f6cc, 0x1f6d0, 0x1f6d2, 0x1f6d5, 0x1f6d7, 0x1f6dc, 0x1f6df, 0x1f6eb, 0x1f6ec, 0x1f6f4, 0x1f6fc, 0x1f7e0, 0x1f7eb,
  0x1f7f0, 0x1f7f0, 0x1f90c, 0x1f93a, 0x1f93c, 0x1f945, 0x1f947, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000, 0x3fffd,
];

function inRanges(ranges, code) {
  let low = 0;
  let high = ranges.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (code < ranges[2 * middle]) high = middle - 1;
    else if (code > ranges[2 * middle + 1]) low = middle + 1;
    else return true;
  }
  return false;
}

/** Columns that `text` takes on a terminal. Control sequences count nothing unless `removeControlChars` is false. */
function getStringWidth(text, removeControlChars = true) {
  if (removeControlChars) text = stripControl(text);
  let plain = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 127 || code < 32) {
      plain = false;
      break;
    }
  }
  if (plain) return text.length;
  let width = 0;
  for (const character of text.normalize('NFC')) {
    const code = character.codePointAt(0);
    if (code <= 0x1f || (code >= 0x7f && code <= 0x9f)) continue;
    if (code < 0x300) width++;
    else if (inRanges(DOUBLE_WIDTH, code)) width += 2;
    else if (!inRanges(ZERO_WIDTH, code)) width++;
  }
  return width;
}

// ---- quoting --------------------------------------------------------------

const NAMED_ESCAPES = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 92: '\\\\' };
const needsEscape = /[\x00-\x1f\x27\x5c\x7f-\x9f\ud800-\udfff]/;

function escapeUnit(code) {
  const named = NAMED_ESCAPES[code];
  if (named !== undefined) return named;
  const hex = code.toString(16);
  if (code > 0xff) return `\\u${hex}`;
  return `\\x${hex.length === 1 ? '0' : ''}${hex.toUpperCase()}`;
}

/** Writes `text` as a string literal: single quotes if possible, else double, else backticks; lone surrogates escaped. */
function quote(text) {
  if (regExpExec(needsEscape, text) === null) return `'${text}'`;
  let mark = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) mark = '"';
    else if (!text.includes('`') && !text.includes('${')) mark = '`';
  }
  let out = '';
  let done = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    let escape;
    if (code === 39) {
      if (mark === "'") escape = "\\'";
    } else if (code < 32 || code === 92 || (code >= 127 && code <= 159)) {
      escape = escapeUnit(code);
    } else if (code >= 0xd800 && code <= 0xdfff) {
      const next = code <= 0xdbff && i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) i++;
      else escape = escapeUnit(code);
    }
    if (escape !== undefined) {
      out += text.slice(done, i) + escape;
      done = i + 1;
    }
  }
  return mark + out + text.slice(done) + mark;
}

/** The same escapes without quotes: for names and symbol descriptions in brackets. */
function escapeBare(text) {
  let out = '';
  let done = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code === 39 || code === 92 || (code >= 127 && code <= 159)) {
      out += text.slice(done, i) + (code === 39 ? "\\'" : escapeUnit(code));
      done = i + 1;
    } else if (code >= 0xd800 && code <= 0xdfff) {
      const next = code <= 0xdbff && i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) {
        i++;
      } else {
        out += text.slice(done, i) + escapeUnit(code);
        done = i + 1;
      }
    }
  }
  return out + text.slice(done);
}

// ---- numbers --------------------------------------------------------------

function groupFromRight(digits) {
  const start = digits.startsWith('-') ? 1 : 0;
  let out = '';
  let end = digits.length;
  for (; end >= start + 4; end -= 3) out = `_${digits.slice(end - 3, end)}${out}`;
  return end === digits.length ? digits : digits.slice(0, end) + out;
}

function groupFromLeft(digits) {
  let out = '';
  let start = 0;
  for (; start < digits.length - 3; start += 3) out += `${digits.slice(start, start + 3)}_`;
  return start === 0 ? digits : out + digits.slice(start);
}

/** A number as inspect shows it: `-0` kept, underscores between thousands where asked. */
function numberText(number, separator) {
  if (number === 0 && 1 / number < 0) return '-0';
  const text = `${number}`;
  if (!separator || text.includes('e') || number !== number || text.includes('Infinity')) return text;
  const point = text.indexOf('.');
  if (point === -1) return groupFromRight(text);
  return `${groupFromRight(text.slice(0, point))}.${groupFromLeft(text.slice(point + 1))}`;
}

/** A bigint with its `n`. */
function bigintText(number, separator) {
  const text = String(number);
  return `${separator ? groupFromRight(text) : text}n`;
}

module.exports = { stripControl, stripColors, getStringWidth, quote, escapeBare, numberText, bigintText };
