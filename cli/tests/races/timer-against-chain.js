const fs = require('fs').promises;
setTimeout(() => console.log('timeout'), 2);
(async () => { await fs.stat(__filename); await fs.stat(__filename); console.log('two stats'); })();
