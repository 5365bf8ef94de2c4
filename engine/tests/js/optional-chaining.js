const o = { a: { b: () => 'called', c: null }, arr: [1], f() { return this === o; } };
console.log(String(o?.a?.b?.()), String(o.x?.y.z.w), String(o.x?.[1]), String(o.x?.()), String(o.a.c?.d), String(o?.f()), String(o?.['f']()), String((o?.f)()));
let n = 0; o.x?.[n++]; o.y?.(n++); console.log(String(n), String(delete o?.a?.c), String(delete o?.zz?.c), String(o.a.c));
for (const f of [() => o.a.b.c.d, () => o.nope(), () => o.a?.zip(), () => o.x.y, () => (o.x?.y).z, () => o.a.c.e, () => null?.x.y(), () => o.arr[5].q, () => o.a.b()()]) try { console.log(String(f())); } catch (e) { console.log(e.message); }
console.log(String(null ?? 'd'), String(0 ?? 'd'), String(undefined?.x ?? 'both'), String(''?.length));
console.log(String(o?.arr?.[0] ?? 'none'), true ?.5 : 1);
