const fs = require('fs');
let total = 0;

function add(a, b) {
  const sum = a + b;
  total += sum;
  return sum;
}

console.log('sum', add(1, 2));
fs.stat(__filename, function answered(error) {
  setTimeout(() => console.log('timeout'), 1);
  setImmediate(() => console.log('immediate'));
  process.nextTick(() => console.log('tick'));
  later({ name: 'x', list: [1, 2, 3] });
});

async function later(item) {
  const value = await Promise.resolve(item.list.length);
  try {
    throw new TypeError(`no ${item.name}`);
  } catch (problem) {
    console.error(problem.message, value);
  }
}

const beat = setInterval(() => {
  if (total++ > 3) clearInterval(beat);
}, 2);
setTimeout(() => {}, 50).unref();
