const fs = require('fs');
fs.readFile(__filename, () => console.log('one'));
fs.readFile(__filename, () => console.log('two'));
