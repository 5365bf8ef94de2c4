// Fields of timer objects that programs look at, and what becomes of a timer that is started again.
'use strict';
process.nextTick(function() { console.log('this of a tick:', this); });

const interval = setInterval(() => {}, 1000);
console.log(interval._repeat, interval._idleTimeout, typeof interval._onTimeout, interval._destroyed);
clearInterval(interval);
console.log(interval._onTimeout, interval._destroyed);

const immediate = setImmediate((a) => {
  console.log('immediate', a, immediate._destroyed);
  restarted(() => turned(() => console.log('done')));
}, 'x');
console.log(immediate._destroyed, typeof immediate._onImmediate, immediate._argv);

// Started anew after it has fired: with its old delay.
function restarted(then) {
  let again = 0;
  const t = setTimeout(() => {
    console.log('ran', t._destroyed);
    setImmediate(() => {
      console.log('after', t._destroyed, typeof t._onTimeout, t.hasRef());
      if (again++ === 0) t.refresh();
      else then();
      console.log('again', t._destroyed);
    });
  }, 2);
  console.log(t._idleTimeout, t._repeat);
}

// Made an interval by its own callback.
function turned(then) {
  const t = setTimeout(() => {
    console.log('turned', t._repeat);
    if (t._repeat) {
      clearInterval(t);
      then();
    } else {
      t._repeat = 1;
    }
  }, 1);
}
