// The other half: when it runs, a is only half finished.
console.log('b: starts');
const a = require('./a');
console.log('b: sees a.done =', a.done);
exports.done = true;
exports.aNow = () => a.done;
console.log('b: ends');
