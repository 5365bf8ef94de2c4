exports.done = false; console.log('b start'); const a = require('./cycle-a'); exports.sawA = a.done; console.log('b sees a', a.done, a.extra); exports.done = true;
