const fs = require('fs');
fs.readFile('/no/such/file', (error) => console.log(error.code));
fs.readFile(__filename, (error) => console.log('read', error));
fs.access('/no/such/file', (error) => console.log('access', error.code));
