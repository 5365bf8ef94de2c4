exports.x = 'cjs x'; exports.y = 2; exports.sum = function sum() { return 1; };
