// Event, EventTarget, DOMException and the abort classes: shape, argument checks, dispatch.
console.log(Object.getOwnPropertyNames(DOMException.prototype).join(), Object.getOwnPropertyDescriptors(DOMException.prototype).name.enumerable, DOMException.length);
for (const C of [Event,EventTarget,AbortController,AbortSignal,CustomEvent]) { console.log(C.name, C.length, Object.getOwnPropertyNames(C)); for (const k of Object.getOwnPropertyNames(C.prototype)) { const d=Object.getOwnPropertyDescriptor(C.prototype,k); console.log('  ',k, d.enumerable, d.configurable, d.writable, d.get?.name, d.value?.length)}}
const et=new EventTarget(); const evs=require('events'); console.log(evs.getMaxListeners(et), evs.getMaxListeners(new AbortController().signal));
const h={handleEvent(){console.log(this===h, arguments.length)}}; et.addEventListener('a',h); et.dispatchEvent(new Event('a')); 
for (const f of [()=>et.addEventListener('a'),()=>et.addEventListener('a',3),()=>et.addEventListener('a',()=>{},3),()=>et.addEventListener('a',()=>{},{signal:1}),()=>et.addEventListener('a',()=>{},{signal:null}), ()=>new Event(), ()=>new Event('x',1), ()=>et.dispatchEvent({}), ()=>EventTarget.prototype.addEventListener.call({}), ()=>Event.prototype.preventDefault.call({}), ()=>new CustomEvent(), ()=>new CustomEvent('x',3),()=>EventTarget(),()=>new AbortSignal(),()=>AbortSignal.timeout(-1),()=>AbortSignal.timeout('x'),()=>AbortSignal.any(3),()=>AbortSignal.any([3]),()=>AbortSignal.any(),()=>Reflect.get(AbortSignal.prototype,'aborted',{}),()=>Reflect.get(AbortController.prototype,'signal',{}),()=>AbortController.prototype.abort.call({}),()=>Reflect.get(DOMException.prototype,'name',{}),()=>new Event(Symbol()), ()=>et.addEventListener(Symbol(),()=>{}), ()=>et.removeEventListener('a'), ()=>et.dispatchEvent()]) try{f(); console.log('ok',String(f))}catch(e){console.log(e.name,e.code,e.message)}
const ns=(x)=>require('util').inspect(x).replace(/timeStamp: [\d.]+/g,'timeStamp: T');
console.log(ns(new Event('x')), ns(new CustomEvent('y',{detail:3})), et, new AbortController(), AbortSignal.abort(), {a:{b:{c:new AbortController}}},{a:{b:{c:et}}});
class Foo extends EventTarget{}; console.log(new Foo, require('util').inspect(new Event('f'),{depth:-1}), [new Foo], ns(new (class Bar extends Event{})('q')));
console.log({a:{b:{c:AbortSignal.abort()}}});
const e=new DOMException('m','AbortError'); console.log(e.stack.split('\n')[0], e.code, e.name, e.message, String(e), Object.prototype.toString.call(e), e instanceof Error, require('util').types.isNativeError(e));
class X extends DOMException{}; console.log(new X('hi')instanceof X, new X('hi',{cause:4,name:'Q'}).cause);
process.on('warning',w=>console.log(w.name,w.message,w.count,w.type,w.target===et2));
const et2=new EventTarget(); for(let i=0;i<12;i++) et2.addEventListener('m',()=>{}); et2.addEventListener('z',null);
const s=AbortSignal.timeout(1); s.onabort=ev=>console.log(ns(ev),s.reason.name,s.reason.message, ev.isTrusted, ev.target===s);
const keep=setTimeout(()=>{},30);
const ac=new AbortController(); const any=AbortSignal.any([ac.signal,AbortSignal.timeout(10000)]); any.addEventListener('abort',()=>console.log('any',any.reason)); ac.signal.addEventListener('abort',()=>console.log('src',any.aborted)); ac.abort('why');
et.addEventListener('err',()=>{throw new Error('in listener')}); process.on('uncaughtException',e=>console.log('UE',e.message)); et.dispatchEvent(new Event('err')); console.log('after');
et.addEventListener('rej',async()=>{throw new Error('async listener')}); et.dispatchEvent(new Event('rej'));
const c=new Event('c',{cancelable:true,bubbles:true,composed:true}); et.addEventListener('c',ev=>{console.log(ev.eventPhase,ev.currentTarget===et,ev.composedPath().length,ev.srcElement===et);ev.preventDefault();ev.stopImmediatePropagation();}); et.addEventListener('c',()=>console.log('never')); console.log(et.dispatchEvent(c), c.defaultPrevented,c.returnValue,c.cancelBubble,c.eventPhase,c.currentTarget,c.bubbles,c.composed);
const ac2=new AbortController(); et.addEventListener('sg',()=>console.log('never2'),{signal:ac2.signal}); ac2.abort(); et.dispatchEvent(new Event('sg'));
console.log(evs.getEventListeners(et,'c').length, evs.getEventListeners(ac2.signal,'abort').length);
et.addEventListener('p',ev=>ev.preventDefault(),{passive:true}); console.log(et.dispatchEvent(new Event('p',{cancelable:true})));
try { et.addEventListener('rec',ev=>et.dispatchEvent(ev)); et.dispatchEvent(new Event('rec')) } catch(e){console.log(e.code)}
