const fs = require('fs');
fs.readFile(__filename, () => console.log('read'));
setTimeout(() => console.log('1 ms'), 1);
setTimeout(() => console.log('3 ms'), 3);
