console.log(String(2n ** 100n), String(-7n / 2n), String(-7n % 3n), String(7n & -2n), String(1n << 70n), String(-1n >> 5n), String(~5n), String(-(-3n)));
console.log(typeof 1n, String(1n == 1), String(1n === 1), String(2n > 1), String(1n < 1.5), String('2' > 1n), String(0n ? 't' : 'f'), String(BigInt('0xff')), String(BigInt(' 12 ')), String(BigInt(true)));
for (const f of [() => 1n + 1, () => BigInt(1.5), () => BigInt('x'), () => +1n, () => 1n / 0n, () => 2n ** -1n, () => Math.max(1n), () => 1n >>> 0n, () => BigInt(undefined), () => JSON.stringify({ a: 1n }), () => new BigInt(1), () => BigInt(NaN), () => 1n % 0n, () => BigInt(Symbol())]) try { console.log(String(f())); } catch (e) { console.log(e.name + ': ' + e.message); }
console.log(String(BigInt.asUintN(8, 257n)), String(BigInt.asIntN(8, 255n)), (255n).toString(16), (-255n).toString(2), (123456789n).toLocaleString('en-US'), String(Number(2n ** 64n)), String(parseInt('12n')));
let i = 0n; i++; i += 5n; i--; console.log(String(i), String(10n ** 20n), 1n + '', `${5n}`, String([3n, 1n, 2n, 10n].sort((a, b) => (a < b ? -1 : 1))));
console.log(String(0x1fn), String(0b11n), String(0o17n), String(1_000n), Object(1n) + '', String(BigInt(Number.MAX_SAFE_INTEGER) + 2n), String(BigInt(1e21)), String(1n + BigInt(2)), String(5n == '5'), String(-0n));
console.log(String(new BigInt64Array([1n, -1n])), String(new BigUint64Array([-1n])));
