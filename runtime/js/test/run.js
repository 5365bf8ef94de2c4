// Differential test: runs each corpus through our builtins and through Node's, and prints what differs.
//   node --no-warnings --expose-internals test/run.js [-v] [corpus …]
//   node --no-warnings --expose-internals test/run.js --record     writes test/expected/<corpus>.json from Node's answers
'use strict';
const fs = require('fs');
const path = require('path');
const { load } = require('./host_node.js');

const args = process.argv.slice(2);
const verbose = args.includes('-v');
const record = args.includes('--record');
const wanted = args.filter((a) => !a.startsWith('-'));
const folder = path.join(__dirname, 'corpus');

// What each family of corpora calls; `side` gives the modules of one implementation.
const subjects = {
  inspect: (side) => (value, options) => side('util').inspect(value, options),
  format: (side) => (...list) => side('util').format(...list),
  code: (side) => (run) => run(side),
};

const sides = {
  node: (name) => require(name),
  ours: (name) => load(name),
};

function answer(entry, family, sideName) {
  try {
    const list = entry();
    const result = subjects[family](sides[sideName])(...list);
    return typeof result === 'string' ? result : require('util').inspect(result, { depth: 9 });
  } catch (error) {
    return `throws ${error && error.name} ${error && error.code} ${error && error.message}`;
  }
}

// Stack frames inside this runner and inside either implementation differ by nature.
function withoutFrames(text) {
  return text.replace(/\n *at [^\n]*(?:node:|runtime.js.)[^\n)]*\)?/g, '');
}

function firstDifference(a, b) {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

let total = 0;
let failed = 0;
for (const file of fs.readdirSync(folder).sort()) {
  const name = file.replace(/\.js$/, '');
  if (wanted.length && !wanted.includes(name)) continue;
  const family = name.split('_')[0];
  const entries = require(path.join(folder, file));
  const recorded = [];
  for (const entry of entries) {
    total++;
    const expected = answer(entry, family, 'node');
    recorded.push(expected.replaceAll(process.cwd(), '<cwd>'));
    if (record) continue;
    const actual = answer(entry, family, 'ours');
    if (actual === expected || withoutFrames(actual) === withoutFrames(expected)) continue;
    failed++;
    console.log(`--- ${name} #${entries.indexOf(entry)} ${entry.toString().slice(0, 80).replaceAll('\n', ' ')}`);
    const from = verbose ? 0 : Math.max(0, firstDifference(expected, actual) - 120);
    const to = verbose ? undefined : from + 260;
    console.log(`node: ${expected.slice(from, to)}`);
    console.log(`ours: ${actual.slice(from, to)}`);
  }
  if (record) fs.writeFileSync(path.join(__dirname, 'expected', `${name}.json`), `${JSON.stringify(recorded, null, 1)}\n`);
}
console.log(`${total - failed} of ${total} equal`);
process.exitCode = failed ? 1 : 0;
