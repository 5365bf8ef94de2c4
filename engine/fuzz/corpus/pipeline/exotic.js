const p = new Proxy([], { get: (t, k, r) => Reflect.get(t, k, r), has: () => true, ownKeys: () => ['length', 'a'] });
try { Object.keys(p); p.push(1); [].concat(p); JSON.stringify(p) } catch (e) { e.stack }
const a = new Array(2 ** 32 - 1); a[7] = 1; a.indexOf(1); a.forEach(x => x); [3, 1, 2].sort(() => { a.length = 0 });
new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })).set([1, 2], 3); new DataView(new ArrayBuffer(4)).getFloat16?.(0); structuredClone?.(a);
