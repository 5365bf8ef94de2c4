const timer = setTimeout(() => console.log('refreshed'), 2);
setTimeout(() => { console.log('one'); timer.refresh(); }, 1);
setTimeout(() => console.log('three'), 3);
