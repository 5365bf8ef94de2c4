// One after the other, so that no two intervals race.
let n = 0; const i = setInterval((a, b) => { console.log('interval', ++n, a, b); if (n === 3) { clearInterval(i); second(); } }, 2, 'A', 'B');
function second() { const self = setInterval(function () { console.log(this === self, this.constructor.name); clearTimeout(this); third(); }, 1); }
function third() { let m = 0; const r = setInterval(() => { console.log('r', ++m); if (m === 2) { r.close(); last(); } }, 1); }
function last() { const ref = setInterval(() => console.log('never: unref'), 100000).unref(); console.log('has ref', ref.hasRef()); const again = setInterval(() => { console.log('fired'); clearInterval(again); clearInterval(again); }, 1).unref().ref(); }
