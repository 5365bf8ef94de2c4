console.log('main start'); const a = require('./modules/cycle-a'); console.log('main', a.done, require('./modules/cycle-b').done, require('./modules/cycle-b').sawA);
