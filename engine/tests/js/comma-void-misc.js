let x = (1, 2, 3); console.log(String(x), String(void 'x'), typeof typeof 1, String(!!'' + !!'0'), String(((a, b) => a + b)(1, 2))); var i = 0; const arr = [i++, i++, i]; console.log(arr.join()); let a = 1, b = a++ + ++a; console.log(`${a}${b}`); const o = { ['a' + 1]: 1, a1: 2, 0x10: 'hex', 1e2: 'exp', .5: 'half', 'str': 's', get: 1, set: 2, async: 3, static: 4, of: 5, let: 6, new: 7, class: 8 }; console.log(Object.keys(o).join()); if (0) ; else console.log('else'); for (var k = 0, z = 10; k < z; k += 3, z--); console.log(`${k},${z}`); do x--; while (x); console.log(String(x)); const { if: iff, class: cls = 'dc' } = { if: 'kw' }; console.log(iff + cls); var \u0061bc = 'esc'; console.log(abc); const ünï = 'uni', $ = 1, _ = 2; console.log(ünï + $ + _); console.log(1 + - + + + - + 1 + '', 3 > 2 > 1, [] + 1 === '1' ? 'y' : 'n', (function () { return
1; })() + ''); var a2 = 1
var b2 = a2
++b2
console.log(`${a2}${b2}`); <!-- html comment
console.log(((a, b = a, c = (() => b)()) => c)(5) + '', new Date(0) instanceof Date, new (class { constructor() { return [1]; } })().length + '', new Array(2).length + '', new (function () { this.q = 1; })().q + '', new Date().constructor.name); debugger; ; ; {} console.log(`a${1}${'b'}` + 'c' + `\``, '\u{1F600}'.length + '', "\x41\u0042\t|\v|\0|\
", 'it\'s');
