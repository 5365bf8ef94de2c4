const wait = (ms, name) => new Promise((resolve) => setTimeout(resolve, ms, name));
const order = [];
Promise.all([wait(3, 'c'), wait(2, 'b'), wait(1, 'a')].map((p) => p.then((name) => order.push(name)))).then(() => console.log(order.join(' ')));
