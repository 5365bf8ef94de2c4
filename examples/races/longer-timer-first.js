// A race: the 2 ms timer is set first. If the clock moves on between the two lines, it is due
// first; if it doesn't, the 1 ms timer is.
setTimeout(() => console.log('2 ms'), 2);
setTimeout(() => console.log('1 ms'), 1);
