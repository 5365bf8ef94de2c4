// What can follow at the prompt: names in scope, properties of what stands before the last dot, files of `require`, dot-commands.

const KEYWORDS = ['async', 'await', 'break', 'case', 'catch', 'const', 'continue', 'debugger', 'default', 'delete', 'do', 'else', 'export', 'false', 'finally', 'for',
  'function', 'if', 'import', 'in', 'instanceof', 'let', 'new', 'null', 'return', 'switch', 'this', 'throw', 'true', 'try', 'typeof', 'var', 'void', 'while', 'with', 'yield'];
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$_\u200c\u200d]*$/u;
// A chain of names that can be read without running a program's functions.
const CHAIN = /(?:[\p{ID_Start}$_][\p{ID_Continue}$_]*(?:\??\.[\p{ID_Start}$_][\p{ID_Continue}$_]*)*\??\.)?[\p{ID_Start}$_]?[\p{ID_Continue}$_]*$/u;
const REQUIRE = /\b(?:require|import)\s*\(\s*['"`]([^'"`]*)$/;

function namesOf(object) {
  const groups = [];
  for (let o = object; o !== null && o !== undefined; o = Object.getPrototypeOf(Object(o))) {
    groups.push(Object.getOwnPropertyNames(Object(o)).filter((name) => IDENTIFIER.test(name)));
    if (groups.length > 20) break;
  }
  return groups;
}

/** The value of `a.b.c`, looking only at data: a getter would be the program's own code. */
function valueOf(chain, global, evaluate) {
  const [first, ...rest] = chain.split(/\??\./);
  let value;
  if (Object.hasOwn(global, first)) value = global[first];
  else value = evaluate(first);
  for (const name of rest) {
    if (value === null || value === undefined) return undefined;
    let descriptor;
    for (let o = Object(value); o !== null && descriptor === undefined; o = Object.getPrototypeOf(o)) descriptor = Object.getOwnPropertyDescriptor(o, name);
    if (descriptor === undefined || descriptor.get !== undefined) return undefined;
    ({ value } = descriptor);
  }
  return value;
}

function complete(line, { commands, global, evaluate }) {
  const command = /^\s*\.(\w*)$/.exec(line);
  if (command) return [commands.filter((name) => name.startsWith(command[1])).map((name) => name), command[1]];
  const wanted = REQUIRE.exec(line);
  if (wanted) {
    const { builtinModules } = require('module');
    const names = builtinModules.filter((name) => !name.startsWith('_'));
    return [[...names, ...names.map((name) => (name.startsWith('node:') ? name : `node:${name}`))].filter((name) => name.startsWith(wanted[1])), wanted[1]];
  }
  const [chain] = CHAIN.exec(line);
  const dot = chain.lastIndexOf('.');
  const start = chain.slice(dot + 1);
  let groups;
  let before = '';
  if (dot === -1) {
    if (start === '' && line.trim() !== '') return [[], ''];
    groups = [...namesOf(global), start === '' ? [] : KEYWORDS];
  } else {
    before = chain.slice(0, dot + 1);
    const value = valueOf(chain.slice(0, dot).replace(/\?$/, ''), global, evaluate);
    if (value === null || value === undefined) return [[], chain];
    groups = namesOf(value);
  }
  const seen = new Set();
  const found = [];
  for (const group of groups) {
    const fresh = group.filter((name) => name.startsWith(start) && !seen.has(name)).sort();
    fresh.forEach((name) => seen.add(name));
    if (fresh.length === 0) continue;
    if (found.length > 0) found.push('');
    found.push(...fresh.map((name) => before + name));
  }
  return [found, chain];
}

module.exports = { complete };
