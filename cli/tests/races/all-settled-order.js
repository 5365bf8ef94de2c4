const fs = require('fs').promises;
const log = (name) => () => console.log(name);
Promise.allSettled([fs.stat(__filename).then(log('a')), fs.stat('/no').catch(log('b')), fs.readdir('.').then(log('c'))]).then(log('done'));
