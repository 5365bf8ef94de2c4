const fs = require('fs');
let n = 0;
const interval = setInterval(() => { console.log('interval', ++n); if (n === 2) clearInterval(interval); }, 1);
fs.stat(__filename, () => console.log('stat'));
