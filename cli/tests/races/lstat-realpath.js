const fs = require('fs');
fs.lstat(__filename, () => console.log('lstat'));
fs.realpath.native(__filename, () => console.log('realpath'));
