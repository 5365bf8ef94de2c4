// Argument checks of process, and what its lists look like.
const t=(f)=>{try{console.log(String(f),f())}catch(e){console.log(String(f),e.name,e.code,e.message)}};
console.log(process.eventNames(), process.listenerCount('warning'));
t(()=>process.kill('x'));t(()=>process.kill(process.pid,'SIGFOO'));t(()=>process.kill(process.pid,0));t(()=>process.kill(99999999,0));t(()=>process.kill(process.pid,999));t(()=>process.kill(process.pid,-1));t(()=>process.kill());t(()=>process.kill('12x'));t(()=>process.kill(process.pid,{}));
t(()=>process.umask('abc'));t(()=>process.umask(-1));t(()=>process.umask({}));t(()=>process.umask(1.5));
t(()=>process.cpuUsage(1));t(()=>process.cpuUsage({}));t(()=>process.cpuUsage({user:-1,system:2}));t(()=>process.cpuUsage({user:1}));t(()=>process.hrtime(1));t(()=>process.hrtime([1]));
t(()=>process.setuid({}));t(()=>process.setgid(-1));t(()=>process.setgroups(3));t(()=>process.setgroups([{}]));t(()=>process.initgroups(1,{}));
t(()=>process.emitWarning());t(()=>process.emitWarning(1));t(()=>process.emitWarning('a',1));t(()=>process.emitWarning('a','b',1));t(()=>process.emitWarning('a',{detail:1}));t(()=>process.emitWarning('',3,null));
t(()=>process.setUncaughtExceptionCaptureCallback(3));t(()=>process.exitCode='a');t(()=>process.exitCode=1.5);t(()=>process.exitCode={});t(()=>process.exitCode=null);t(()=>process.exit('x'));
t(()=>process.loadEnvFile('/nonexist'));t(()=>process.getBuiltinModule(3));t(()=>process.getBuiltinModule('nope'));t(()=>process.getBuiltinModule('fs')===require('fs'));t(()=>process.setSourceMapsEnabled(3));t(()=>process.getActiveResourcesInfo());t(()=>process.dlopen());t(()=>process.ref(3));t(()=>process.unref({}));
t(()=>process.getgroups().length>0);t(()=>process.report.directory=3);t(()=>process.report.signal='x');t(()=>process.report.signal);t(()=>process.title=3);
t(()=>process.on('SIGKILL',()=>{}));t(()=>process.on('SIGSTOP',()=>{}));
t(()=>{process.env[Symbol()]=1});t(()=>Object.defineProperty(process.env,'q',{value:1}));t(()=>Object.defineProperty(process.env,'q',{get(){}}));
t(()=>Object.keys(process.resourceUsage()).join()); t(()=>Object.keys(process.cpuUsage())); t(()=>process.constrainedMemory()>0); t(()=>process.availableMemory()>0);
setTimeout(()=>{},1); setImmediate(()=>{}); require('fs').stat('.',()=>{}); t(()=>process.getActiveResourcesInfo());
t(()=>process.allowedNodeEnvironmentFlags.has('no_warnings')); t(()=>process.allowedNodeEnvironmentFlags.has('--max-old-space-size=3'));
process.exitCode=0;
