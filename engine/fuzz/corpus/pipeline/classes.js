class A { #x = 1; static #n = 0; get x() { return this.#x } set x(v) { this.#x = v; A.#n++ } static { this.s = super.toString } static has(o) { return #x in o } }
class B extends A { constructor(...a) { super(...a); this.f = () => super.x; new.target } *[Symbol.iterator]() { yield* [this.x, this.f()] } }
[...new B(1, 2)].join(); A.has(new B);
