// Exit codes as listeners see them, and errors inside listeners.
const { spawnSync } = require('child_process');
const run = (code) => {
  const { status, stdout } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  console.log(status, JSON.stringify(stdout));
};
run('process.on("exit", (code) => console.log(code, process.exitCode))');
run('process.exitCode = 3; process.on("exit", (code) => console.log(code, process.exitCode))');
run('process.on("exit", (code) => console.log(code, process.exitCode)); throw 1');
run('process.exitCode = 9; process.on("exit", (code) => console.log(code, process.exitCode)); throw 1');
run('process.on("exit", () => { throw new Error("in exit") })');
run('process.on("exit", () => { process.exitCode = 0 }); process.on("beforeExit", () => { throw new Error() })');
run('process.on("uncaughtException", () => { throw 1 }); process.on("exit", () => console.log("never")); throw 3');
run('process.on("uncaughtException", (e) => console.log(e)); process.on("rejectionHandled", () => { throw "late" }); ' +
  'process.on("unhandledRejection", () => {}); const p = Promise.reject(1); setTimeout(() => p.catch(() => {}), 1)');
run('process.on("uncaughtException", (e) => console.log(e.name, e.code, String(e))); Promise.reject(null)');
run('console.log(typeof os.cpus, typeof vm.Script, path === require("path")); os = 5; console.log(os)');
