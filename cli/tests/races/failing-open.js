const fs = require('fs');
fs.readFile('/no/such/file', (error) => console.log(error.code));
setImmediate(() => console.log('immediate'));
setTimeout(() => console.log('timeout'), 1);
