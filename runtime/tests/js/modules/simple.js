exports.simple = true; exports.file = require('path').basename(__filename);
