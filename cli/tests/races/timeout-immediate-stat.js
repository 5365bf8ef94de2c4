const fs = require('fs');
setTimeout(() => console.log('timeout'), 1);
setImmediate(() => console.log('immediate'));
fs.stat(__filename, () => console.log('stat'));
