const fs = require('fs').promises;
const late = new Promise((resolve) => setTimeout(resolve, 2, 'timeout'));
Promise.race([fs.stat(__filename).then(() => 'stat'), late]).then((who) => console.log(who));
