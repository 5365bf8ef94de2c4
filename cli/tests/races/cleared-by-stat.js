const fs = require('fs');
const timer = setTimeout(() => console.log('timeout'), 2);
fs.stat(__filename, () => { clearTimeout(timer); console.log('stat'); });
