// Teaches: an async generator makes values one at a time, on request. `for await` asks, waits,
// runs its body, and asks again; leaving the loop early runs the generator's finally.
// Predict: is anything produced before it is asked for? What happens at the break?
const { setTimeout: sleep } = require('timers/promises');

async function* numbers() {
  try {
    for (let n = 1; ; n++) {
      console.log(`  producing ${n}`);
      await sleep(5);
      yield n;
    }
  } finally {
    console.log('  producer cleans up');
  }
}

async function main() {
  for await (const n of numbers()) {
    console.log(`consuming ${n}`);
    if (n === 3) break;
  }
  console.log('loop left');

  // Plain iterables work too: promises in them are awaited in order.
  for await (const word of [sleep(10, 'slow'), 'plain', Promise.resolve('ready')]) {
    console.log(word);
  }
}

main();
