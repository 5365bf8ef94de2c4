// A let in a for head is copied per turn, after the update runs on the copy.
const got = [];
for (let i = 0; i < 3; got.push(() => i), i++);
console.log(got.map((f) => f()).join());
let n = 0;
const more = [];
while (n < 3) { let m = n * 10; more.push(() => m++); n++; if (m === 10) continue; }
console.log(more.map((f) => f() + f()).join());
{ let x = 'outer'; { let x = 'inner'; console.log(x); } console.log(x); }
try { switch (1) { case 0: let z; case 1: z = 5; } } catch (e) { console.log(e.message); } switch (0) { case 0: let z; case 1: z = 5; console.log(String(z)); }
try { throw 'e'; } catch (x) { var x2 = x; { let x = 'blk'; console.log(x + x2); } }
