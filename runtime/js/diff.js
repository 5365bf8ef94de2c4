// Line differences after Myers ("An O(ND) difference algorithm"): for AssertionError's messages and util.diff.

const { codes } = require('./errors');
const { isArray } = Array;

const KEEP = 0;
const INSERT = 1;
const DELETE = -1;

// Lines that differ only by the comma after the last property count as equal where objects are compared.
function sameLine(a, b, ignoreComma) {
  return a === b || (ignoreComma && (`${a},` === b || a === `${b},`));
}

/** The shortest edit script from `expected` to `actual`, last entry first: [[op, line], …]; op 1 only in actual, -1 only in expected, 0 in both. */
function editScript(actual, expected, ignoreComma = false) {
  const limit = actual.length + expected.length;
  const furthest = new Int32Array(2 * limit + 2);
  const offset = limit;
  const trace = [];
  for (let distance = 0; distance <= limit; distance++) {
    // Only the diagonals that this distance can have touched are kept.
    trace.push(furthest.slice(offset - distance, offset + distance + 2));
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      const at = diagonal + offset;
      const down = diagonal === -distance || (diagonal !== distance && furthest[at - 1] < furthest[at + 1]);
      let x = down ? furthest[at + 1] : furthest[at - 1] + 1;
      let y = x - diagonal;
      while (x < actual.length && y < expected.length && sameLine(actual[x], expected[y], ignoreComma)) {
        x++;
        y++;
      }
      furthest[at] = x;
      if (x >= actual.length && y >= expected.length) return walkBack(trace, actual, expected, ignoreComma);
    }
  }
  return [];
}

function walkBack(trace, actual, expected, ignoreComma) {
  let x = actual.length;
  let y = expected.length;
  const script = [];
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const furthest = trace[distance];
    const at = (diagonal) => furthest[diagonal + distance];
    const diagonal = x - y;
    const down = diagonal === -distance || (diagonal !== distance && at(diagonal - 1) < at(diagonal + 1));
    const previous = down ? diagonal + 1 : diagonal - 1;
    const previousX = at(previous);
    const previousY = previousX - previous;
    while (x > previousX && y > previousY) {
      const line = actual[x - 1];
      script.push([KEEP, ignoreComma && !line.endsWith(',') ? expected[y - 1] : line]);
      x--;
      y--;
    }
    if (distance > 0) {
      if (x > previousX) script.push([INSERT, actual[--x]]);
      else script.push([DELETE, expected[--y]]);
    }
  }
  return script;
}

/** util.diff(actual, expected): strings are compared by character, arrays of strings by element. */
function publicDiff(actual, expected) {
  if (actual === expected) return [];
  checkInput(actual, 'actual');
  checkInput(expected, 'expected');
  return editScript(actual, expected).reverse();
}

function checkInput(value, name) {
  if (isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (typeof value[i] !== 'string') throw new codes.ERR_INVALID_ARG_TYPE(`${name}[${i}]`, 'string', value[i]);
    }
  } else if (typeof value !== 'string') {
    throw new codes.ERR_INVALID_ARG_TYPE(name, 'string', value);
  }
}

module.exports = { editScript, publicDiff, KEEP, INSERT, DELETE };
