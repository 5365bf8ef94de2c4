// `looplab` alone on a terminal.

const repl = require('repl');
const native = require('./repl_native');

process.stdout.write(`Welcome to looplab ${process.versions.looplab} (as Node.js ${process.version}).\nType ".help" for more information.\n`);
native.prepareGlobal();
const server = repl.start({ useGlobal: true, prompt: '> ', breakEvalOnSigint: true });
const { env } = process;
const file = env.NODE_REPL_HISTORY ?? require('path').join(require('os').homedir(), '.looplab_repl_history');
if (server.terminal && file.trim() !== '') server.setupHistory(file, (error) => { if (error) throw error; });
server.on('exit', () => process.exit());
