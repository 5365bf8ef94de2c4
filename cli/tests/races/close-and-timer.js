const fs = require('fs');
const fd = fs.openSync(__filename);
fs.close(fd, () => console.log('close'));
setTimeout(() => console.log('timeout'), 1);
setImmediate(() => console.log('immediate'));
