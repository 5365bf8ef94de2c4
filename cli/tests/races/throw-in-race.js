const fs = require('fs');
process.on('uncaughtException', (error) => console.log('caught', error.message));
fs.stat(__filename, () => { throw new Error('stat'); });
setTimeout(() => { throw new Error('timer'); }, 1);
setImmediate(() => console.log('immediate'));
