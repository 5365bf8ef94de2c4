// node:constants: all of them in one object (the modules have their own parts).
const table = require('./constants_table');
module.exports = { ...table.dlopen, ...table.errno, ...table.priority, ...table.signals, ...require('fs').constants, ...table.crypto };
