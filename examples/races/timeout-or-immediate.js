// A race: is the 1 ms timer already due when the loop looks at timers for the first time?
// Both orders are legal. Run it a hundred times; then ask `looplab explore` why.
setTimeout(() => console.log('timeout'), 0);
setImmediate(() => console.log('immediate'));
