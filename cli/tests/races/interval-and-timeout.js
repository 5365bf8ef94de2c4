let n = 0;
const interval = setInterval(() => { console.log('tick', ++n); if (n === 3) clearInterval(interval); }, 2);
setTimeout(() => console.log('timeout'), 5);
