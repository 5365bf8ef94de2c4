// A race: two requests, two workers. Which one is done first is the machine's business.
const fs = require('fs');
fs.stat(__filename, () => console.log('this file'));
fs.stat(__dirname, () => console.log('this folder'));
