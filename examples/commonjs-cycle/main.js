// Teaches: two CommonJS modules that require each other don't hang. The one that started
// first is handed out half-finished: whatever it had exported so far.
// Predict: what does b see of a, and what does a see of b?
console.log('main: starts');
const a = require('./a');
const b = require('./b');
console.log('main: a.done =', a.done, 'b.done =', b.done);
console.log('main: b kept a live object:', b.aNow());
console.log('main: loaded', Object.keys(require.cache).length, 'modules');
