// Teaches: try/catch sees only what happens during its own call. A callback runs later, from
// the loop; a promise carries its error along; await brings it back to try/catch.
// Predict: which of the three errors does each catch get?
const fs = require('fs');

function callbackStyle() {
  try {
    fs.readFile('no-such-file', (error) => {
      console.log('callback got:', error.code); // not thrown: handed over
      promiseStyle();
    });
  } catch {
    console.log('never: the call itself succeeded');
  }
}

function promiseStyle() {
  Promise.resolve()
    .then(() => { throw new Error('thrown in then'); })
    .then(() => console.log('skipped'))
    .catch((error) => console.log('catch got:', error.message))
    .finally(() => awaitStyle());
}

async function awaitStyle() {
  try {
    await fs.promises.readFile('no-such-file');
  } catch (error) {
    console.log('try/catch got:', error.code);
  }
}

callbackStyle();
