const fs = require('fs').promises;
fs.stat(__filename).then(() => console.log('a'));
fs.stat(__filename).then(() => console.log('b')).then(() => console.log('b2'));
process.nextTick(() => console.log('tick'));
