const fs = require('fs');
fs.stat(__filename, () => { console.log('a1'); fs.stat(__filename, () => console.log('a2')); });
fs.stat(__filename, () => { console.log('b1'); fs.stat(__filename, () => console.log('b2')); });
