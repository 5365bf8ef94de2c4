// MessageChannel, MessagePort, BroadcastChannel.
const { MessageChannel: MC, receiveMessageOnPort, markAsUntransferable } = require('worker_threads');
const t=(l,f)=>{try{console.log(l,f())}catch(e){console.log(l,'!',e.name,e.code,e.message)}};
const { port1, port2 } = new MessageChannel();
port1.on('message', (m)=>{ console.log('p1', m); process.nextTick(()=>console.log('tick')); if (m.last) { port1.close(()=>console.log('closed cb')); } });
port1.on('close',()=>console.log('p1 close')); port2.on('close',()=>console.log('p2 close'));
port2.postMessage({a:1}); port2.postMessage(new Map([[1,2]])); port2.postMessage({last:true}); port2.postMessage('after');
t('recv', ()=>receiveMessageOnPort(port2)); port1.postMessage('sync'); t('recv', ()=>receiveMessageOnPort(port2));
t('recv3', ()=>receiveMessageOnPort({})); t('post0',()=>port1.postMessage()); t('fn',()=>port1.postMessage(()=>{})); t('list',()=>port1.postMessage(1,3)); t('list2',()=>port1.postMessage(1,[3])); t('self',()=>port1.postMessage(1,[port1]));
t('new',()=>new MessagePort()); t('name',()=>[port1.constructor.name, MC===MessageChannel, port1 instanceof EventTarget, Object.prototype.toString.call(port1)]);
const c2=new MessageChannel(); const c3=new MessageChannel();
c2.port1.onmessage=(e)=>{ console.log('event', e.constructor.name, e.type, e.data.p instanceof MessagePort, e.ports.length, e.target===c2.port1); e.data.p.onmessage=(e2)=>{console.log('through', e2.data); e.data.p.close(); c2.port1.close();}; };
c2.port2.postMessage({p:c3.port1},[c3.port1]); c3.port2.postMessage('hello'); t('moved',()=>c3.port1.postMessage(1)); t('again',()=>c2.port2.postMessage(1,[c3.port1]));
const bc=new BroadcastChannel('x'), bd=new BroadcastChannel('x'); bd.onmessage=(e)=>{console.log('bc',e.data,e.type); bc.close(); bd.close(); t('bcclosed',()=>bc.postMessage(1))}; bc.postMessage({q:1}); t('bc',()=>[bc.name,bc]);
const u=new MessageChannel(); u.port1.on('message',()=>{}); u.port1.unref(); t('hasRef',()=>[u.port1.hasRef(), u.port2.hasRef()]);
const buf=new ArrayBuffer(3); markAsUntransferable(buf); t('untr',()=>u.port1.postMessage(buf,[buf]));
const w=new MessageChannel(); w.port1.once('message',m=>{console.log('once',m); w.port2.close()}); w.port2.postMessage(1);
const ee=new MessageChannel(); ee.port1.on('message',()=>{throw new Error('in message')}); process.on('uncaughtException',e=>{console.log('UE',e.message); ee.port1.close()}); ee.port2.postMessage(1);
console.log('main end');
