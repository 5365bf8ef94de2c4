const fs = require('fs');
fs.stat(__filename, () => { console.log('stat'); process.exit(1); });
setTimeout(() => { console.log('timeout'); process.exit(2); }, 1);
