const fs = require('fs');
fs.readFile(__filename, () => console.log('read'));
let n = 0;
setImmediate(function next() { console.log('immediate', n); if (++n < 6) setImmediate(next); });
