const f = (a, b = 2, ...r) => `${a}|${b}|${r.join()}`;
console.log(f(1), f(1, undefined, 3, 4), f(...[1, 2], ...[3], ...'xy'), String(f.length));
console.log(JSON.stringify([...'ab', ...new Set([1, 1, 2]), ...new Map([[1, 2]])]));
console.log(JSON.stringify({ ...{ a: 1, b: 2 }, b: 3, ...null, ...undefined, ...'hi', ...[9], ...5 }));
console.log(String(Math.max(...[1, 5, 3], 4)), new Date(...[2020, 0, 1]) instanceof Date ? 'd' : 'n');
const o = { get x() { return 'got'; }, [Symbol('s')]: 1 };
const c = { ...o }; console.log(typeof Object.getOwnPropertyDescriptor(c, 'x').get, c.x, String(Object.getOwnPropertySymbols(c).length));
for (const fn of [() => [...null], () => [...undefined], () => [...{}], () => [...5], () => f(...undefined), () => Math.max(...{}), () => new Set(5), () => new Map([1])]) try { fn(); } catch (e) { console.log(e.message); }
