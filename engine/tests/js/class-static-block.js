const log = [];
class A { static a = log.push('a'); static { log.push('block ' + this.name + ' ' + this.a); var hidden = 1; } static b = log.push('b'); static { this.c = () => A.#p; } static #p = 'private'; }
console.log(log.join('; '), A.c(), typeof hidden);
let read;
class B { #v = 'leaked'; static { read = (o) => o.#v; } }
console.log(read(new B()));
