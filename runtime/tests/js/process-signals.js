// Signal listeners: order, several of one signal, and the default action once the last listener is gone.
let n=0;
process.on('SIGUSR2',(a,b)=>{console.log('got',a,b); process.nextTick(()=>console.log('tick',n)); if(++n===2){process.removeAllListeners('SIGUSR2'); process.once('SIGTERM',(s)=>{console.log('once',s);  setTimeout(()=>process.kill(process.pid,'SIGTERM'),5)}); process.kill(process.pid,'SIGTERM');}});
process.kill(process.pid,'SIGUSR2'); setTimeout(()=>process.kill(process.pid,'SIGUSR2'),10);
console.log('main', process.eventNames());
setTimeout(()=>console.log('never'),500);
