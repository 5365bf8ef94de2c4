const fs = require('fs');
setTimeout(() => console.log('timeout'), 1);
fs.statSync(__filename);
setImmediate(() => console.log('immediate'));
