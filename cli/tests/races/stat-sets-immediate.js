const fs = require('fs');
fs.stat(__filename, () => { console.log('a'); setImmediate(() => console.log('immediate')); });
fs.stat(__filename, () => console.log('b'));
