const fs = require('fs');
fs.stat(__filename, () => console.log('stat'));
setTimeout(() => console.log('timeout'), 3);
const end = Date.now() + 2;
while (Date.now() < end);
setImmediate(() => console.log('immediate'));
