const order = [];
for (let i = 0; i < 10; i++) setTimeout(() => order.push(i), 1);
setImmediate(() => order.push('immediate'));
process.on('exit', () => console.log(order.join(' ')));
