const fs = require('fs');
fs.readdir(__dirname, () => console.log('readdir'));
setTimeout(() => console.log('timeout'), 0);
process.nextTick(() => console.log('tick'));
