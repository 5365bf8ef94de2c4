const fs = require('fs').promises;
process.on('unhandledRejection', (error) => console.log('unhandled', error.code));
fs.stat('/no/such/file');
fs.open('/no/such/file');
setImmediate(() => console.log('immediate'));
