const fs = require('fs');
setTimeout(() => console.log('unref timer'), 1).unref();
fs.stat(__filename, () => console.log('stat'));
