class A { constructor(x) { this.x = x; } m() { return 'm' + this.x; } static s() { return 's' + this.name; } get g() { return this.x * 2; } set g(v) { this.x = v; } ['comp' + 1]() { return 'c'; } }
const a = new A(3);
console.log(a.m(), A.s(), String(a.g)); a.g = 10;
console.log(String(a.x), a.comp1(), typeof A, A.name, String(A.length));
try { A(); } catch (e) { console.log(e.name + ': ' + e.message); }
console.log(Object.getOwnPropertyNames(A.prototype).join());
console.log(String(Object.keys(a)), String(A.prototype.propertyIsEnumerable('m')));
const B = class Named { who() { return Named.name; } };
console.log(B.name, new B().who());
try { a.m.call(undefined); } catch (e) { console.log(e.message); }
try { new a.m(); } catch (e) { console.log(e.message); }
console.log(String(Object.getOwnPropertyDescriptor(A, 'prototype').writable));
