const fs = require('fs');
fs.exists(__filename, (yes) => console.log('exists', yes));
fs.access(__filename, (error) => console.log('access', error));
setImmediate(() => console.log('immediate'));
