const fs = require('fs');
setImmediate(() => { console.log('i1'); fs.stat(__filename, () => console.log('stat')); setImmediate(() => { console.log('i2'); setImmediate(() => console.log('i3')); }); });
