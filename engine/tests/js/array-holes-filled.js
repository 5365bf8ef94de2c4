// Filling the holes of an array: straight, unless somebody watches from the prototypes.
const a = new Array(5);
for (let i = 0; i < 5; i += 2) a[i] = i;
console.log(a, 1 in a, Object.keys(a).join());
const sealed = Object.seal([0, , 2]);
try { (function () { 'use strict'; sealed[1] = 1; })(); } catch (e) { console.log(e.message); }
console.log(sealed);
const closed = Object.preventExtensions([0, , 2]);
closed[1] = 1;
console.log(closed);
class Own extends Array { set 1(v) { console.log('setter of the subclass', v); } }
const own = new Own(3);
own[1] = 'x';
own[0] = 'y';
console.log(1 in own, Object.keys(own).join());
const fixed = [0, , 2];
let seen;
Object.defineProperty(Array.prototype, 1, { set(v) { seen = v; }, configurable: true });
fixed[1] = 'setter';
const own1 = Object.hasOwn(fixed, 1);
delete Array.prototype[1];
console.log(seen, own1);
fixed[1] = 'stored';
console.log(fixed);
Object.defineProperty(Object.prototype, 1, { value: 'frozen', writable: false, configurable: true });
const late = [0, , 2];
late[1] = 'no';
const [own2, inherited] = [Object.hasOwn(late, 1), late[1]];
delete Object.prototype[1];
console.log(own2, inherited);
