// A function that sees one kind of point for a long time, and then another.
class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

function squared(p) {
  return p.x * p.x + p.y * p.y;
}

let sum = 0;
for (let i = 0; i < 3000; i++) {
  sum += squared(new Point(i % 7, 1));
}
// The same properties in another order are another hidden class; and y is no whole number.
sum += squared({ y: 1.5, x: 2 });

const shapes = [{ a: 1 }, { b: 1, a: 2 }, { c: 1, a: 3 }, { d: 1, a: 4 }, { e: 1, a: 5 }, { f: 1, a: 6 }];
function read(o) {
  return o.a;
}
for (let i = 0; i < 600; i++) sum += read(shapes[i % shapes.length]);
console.log(sum);
