const fs = require('fs');
fs.readdir(__dirname, () => console.log('dir 1'));
fs.readFile(__filename, () => console.log('file'));
fs.readdir(__dirname, () => console.log('dir 2'));
