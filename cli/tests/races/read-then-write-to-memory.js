const fs = require('fs');
let last;
for (const name of ['x', 'y', 'z']) fs.stat(__filename, () => { last = name; });
process.on('exit', () => console.log('last', last));
