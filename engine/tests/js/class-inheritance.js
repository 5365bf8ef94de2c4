class A { constructor() { this.log = ['A ' + new.target.name]; } hi() { return 'A.hi'; } static make() { return new this(); } }
class B extends A { constructor() { super(); this.log.push('B'); } hi() { return 'B>' + super.hi(); } }
class C extends B { hi() { return 'C>' + super.hi(); } get [Symbol.toStringTag]() { return 'Cee'; } }
console.log(new C().log.join(), new C().hi(), C.make() instanceof C ? 'yes' : 'no');
console.log(Object.prototype.toString.call(new C()));
class D extends A { constructor() { } }
try { new D(); } catch (e) { console.log(e.name + ': ' + e.message); }
class E2 extends A { constructor() { super(); try { super(); } catch (e) { console.log(e.name + ': ' + e.message); } } }
new E2();
class F extends A { constructor() { return { other: true }; } }
console.log(String(new F().other));
class G extends A { constructor() { super(); return 1; } }
try { new G(); } catch (e) { console.log(e.name + ': ' + e.message); }
class N extends null { static s() { return 1; } }
console.log(String(N.s()), String(Object.getPrototypeOf(N.prototype)));
try { class X extends 5 {} } catch (e) { console.log(e.message); }
try { const o = {}; class X extends o {} } catch (e) { console.log(e.message); }
const arrowSuper = new (class extends A { t() { return (() => super.hi())(); } })();
console.log(arrowSuper.t());
