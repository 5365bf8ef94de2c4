class T { static get x() { return 'sx'; } static set x(v) { this._x = v; } get [Symbol.iterator]() { return undefined; } static async am() { return 1; } *gen() { yield 1; yield 2; } async *ag() { yield 'ag'; } static 'str'() { return 'str'; } 7() { return 'seven'; } get() { return 'get'; } set() { return 'set'; } static static() { return 'static'; } async() { return 'async'; } }
T.x = 5;
console.log(T.x, String(T._x), [...new T().gen()].join(), T.str(), new T()[7](), new T().get(), new T().set(), T.static(), new T().async());
const d = Object.getOwnPropertyDescriptor(T, 'x');
console.log(d.get.name, d.set.name, String(d.enumerable), String(d.configurable));
(async () => { console.log(String(await T.am())); for await (const v of new T().ag()) console.log(v); })();
