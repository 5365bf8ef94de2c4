const fs = require('fs');
fs.readFile(__filename, () => console.log('read'));
fs.stat(__filename, () => console.log('stat'));
