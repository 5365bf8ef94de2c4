setTimeout(() => console.log('3'), 3);
setTimeout(() => console.log('2'), 2);
setTimeout(() => console.log('1'), 1);
