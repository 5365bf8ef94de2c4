// Teaches: `await` is `then` in other clothes. Everything up to the first await runs at once,
// inside the call; everything after it is a promise callback. Both functions below do the same.
// Predict: how do the lines of the two functions interleave?
async function withAwait() {
  console.log('await: before');
  const value = await Promise.resolve(1);
  console.log(`await: after the first, got ${value}`);
  await null;
  console.log('await: after the second');
}

function withThen() {
  console.log('then:  before');
  return Promise.resolve(1)
    .then((value) => {
      console.log(`then:  after the first, got ${value}`);
      return null;
    })
    .then(() => console.log('then:  after the second'));
}

withAwait();
withThen();
console.log('script ends');
