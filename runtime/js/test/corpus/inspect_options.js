// Every value of inspect_values.js under each of these options.
const { values } = require('./inspect_values.js');
const options = [
  { compact: false }, { compact: true }, { compact: 0 }, { compact: 1 }, { compact: 10 }, { showHidden: true }, { colors: true }, { depth: 0 }, { depth: 1 }, { depth: null }, { depth: -1 }, { breakLength: 40 },
  { breakLength: Infinity }, { breakLength: 120, compact: 6 }, { sorted: true }, { sorted: (a, b) => (a < b ? 1 : -1) }, { getters: true }, { getters: 'get' }, { getters: 'set' }, { showProxy: true }, { maxArrayLength: 3 },
  { maxArrayLength: 0 }, { maxArrayLength: null }, { maxArrayLength: -1 }, { maxStringLength: 5 }, { maxStringLength: 0 }, { maxStringLength: null }, { numericSeparator: true }, { customInspect: false },
  { compact: true, colors: true, breakLength: 60 }, { showHidden: true, colors: true, depth: 5 }, { compact: false, sorted: true, depth: Infinity }, { compact: 2, breakLength: 30, maxArrayLength: 10 },
  { compact: true, breakLength: 20 }, { showHidden: true, showProxy: true, getters: true, depth: 4 }, { colors: true, getters: true, numericSeparator: true }, { stylize: (s, t) => `<${t}>${s}` },
];
const out = [];
for (const option of options) for (const value of values) out.push(() => [value, option]);
module.exports = out;
