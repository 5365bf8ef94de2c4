const fs = require('fs').promises;
Promise.any([fs.stat(__filename), fs.readdir(__dirname), fs.access(__filename)].map((p, i) => p.then(() => i))).then((i) => console.log('first', i));
