// Teaches: an interval counts from the *start* of its callback, so work inside it doesn't
// push the next run back; and runs missed while the thread was busy are not made up for:
// one late run follows, then the interval goes on from there.
// Predict: does 'marker' come before or after run 2? How many runs follow the long block?
function busy(ms) {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

let runs = 0;
const first = setInterval(() => {
  console.log(`first: run ${++runs}`);
  if (runs === 2) return clearInterval(first);
  busy(15); // the next run is due 25 ms from here, not 40
  setTimeout(() => {
    console.log('marker, 30 ms after run 1 ended');
    overload();
  }, 30);
}, 40);

function overload() {
  let run = 0;
  const second = setInterval(() => {
    console.log(`second: run ${++run}`);
    if (run === 1) {
      busy(100); // five runs are missed
      setTimeout(() => console.log('marker, 1 ms after the block'), 1);
    }
    if (run === 3) clearInterval(second);
  }, 20);
}
