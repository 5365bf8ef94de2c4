const { setTimeout: wait, setImmediate: turn } = require('timers/promises');
wait(1).then(() => console.log('timeout'));
turn().then(() => console.log('immediate'));
