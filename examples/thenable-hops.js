// Teaches: what you return from a promise callback decides how many turns of the microtask
// queue it costs. A plain value: none extra. A thenable: one. A real promise: two.
// Predict: put the letters in order; the counter marks the hops.
const trace = [];
const log = (name) => () => trace.push(name);

Promise.resolve().then(() => 'value').then(log('value'));
Promise.resolve().then(() => ({ then: (done) => done() })).then(log('thenable'));
Promise.resolve().then(() => Promise.resolve()).then(log('promise'));

(async () => { await null; trace.push('await value'); })();
(async () => { await Promise.resolve(); trace.push('await promise'); })();
(async () => { await { then: (done) => done() }; trace.push('await thenable'); })();

let hops = Promise.resolve();
for (let i = 1; i <= 5; i++) hops = hops.then(log(`-- hop ${i}`));
hops.then(() => console.log(trace.join('\n')));
