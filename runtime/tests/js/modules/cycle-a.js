exports.done = false; console.log('a start'); const b = require('./cycle-b'); console.log('a sees b', b.done); exports.done = true; module.exports.extra = 'late';
