const fs = require('fs');
fs.stat(__filename, () => console.log('stat'));
let n = 0;
(function again() { console.log('turn', n); if (++n < 4) setImmediate(again); })();
