// Teaches: two async functions take turns, one step for each await, and a try/finally around
// an await stays open across those turns. Nothing runs in parallel.
// Predict: which letters share a step?
const steps = [];

async function worker(name, n) {
  try {
    for (let i = 1; i <= n; i++) {
      steps.push(`${name}${i}`);
      await null;
    }
    return `${name} returned`;
  } finally {
    steps.push(`${name} cleans up`);
  }
}

async function main() {
  const results = await Promise.all([worker('a', 2), worker('b', 3), worker('c', 1)]);
  console.log(steps.join(', '));
  console.log(results.join(', '));
}

main();
