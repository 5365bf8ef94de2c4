// The hooks thread as other threads see it: each call waits for its answer, as loading does.

const native = require('./worker_native');
const { kHandle, receiveWaiting } = require('./messaging_native');

const { assign } = Object;

/** An error as it was thrown over there: copies of errors have no properties of their own. */
function thrown({ error, fields }) {
  return typeof error === 'object' && error !== null ? assign(error, fields) : error;
}

function start() {
  const data = { hooksThread: true, env: { ...process.env }, argv: process.argv.slice(2), execArgv: [] };
  const spec = { code: '', name: 'HooksThread', internal: true };
  const onNews = (kind, value) => {
    if (kind === 'stdout') process.stdout.write(value);
    else if (kind === 'stderr') process.stderr.write(value);
  };
  const { worker, port } = native.start(spec, data, [], onNews);
  native.setRef(worker, false);
  port.unref();
  const call = (method, args, transferList = []) => {
    port.postMessage({ method, args }, transferList);
    const answer = receiveWaiting(port[kHandle])?.message;
    if (answer === undefined) throw new Error('The thread of the customization hooks has ended');
    if ('exit' in answer) process.exit(answer.exit);
    if ('error' in answer) throw thrown(answer);
    return answer.result;
  };
  return {
    register: (specifier, parentURL, data, transferList) => call('register', [specifier, parentURL, data], transferList),
    resolve: (specifier, context) => call('resolve', [specifier, context]),
    load: (url, context) => call('load', [url, context]),
  };
}

module.exports = start;
