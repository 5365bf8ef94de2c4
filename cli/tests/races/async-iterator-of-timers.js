const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function* numbers(name, ms) { for (let i = 0; i < 2; i++) { await wait(ms); yield name + i; } }
(async () => { for await (const n of numbers('a', 1)) console.log(n); })();
(async () => { for await (const n of numbers('b', 2)) console.log(n); })();
