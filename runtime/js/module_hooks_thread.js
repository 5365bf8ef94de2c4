// The hooks thread: the asynchronous hooks of module.register, asked by the thread that loads.

const { codes } = require('./errors');
const { isAnyArrayBuffer, isArrayBufferView } = require('util').types;
const native = require('./module_native').hooks;

const chains = { resolve: [], load: [] };

function lastResolve(specifier, { conditions, parentURL }) {
  return native.defaultResolve(specifier, parentURL, conditions);
}

function lastLoad(url, { format }) {
  const loaded = native.defaultLoad(url, format, false);
  // What is CommonJS is left to its own loader, unless a hook brings a source.
  return loaded.format === 'commonjs' ? { format: 'commonjs', source: null } : loaded;
}

chains.resolve.push({ run: lastResolve, url: 'node:internal/modules/esm/resolve' });
chains.load.push({ run: lastLoad, url: 'node:internal/modules/esm/load' });

async function register(specifier, parentURL, data) {
  const { initialize, resolve, load } = await native.import(specifier, parentURL);
  const { href } = URL.parse(specifier, parentURL) ?? { href: specifier };
  if (typeof initialize === 'function') await initialize(data);
  if (typeof resolve === 'function') chains.resolve.push({ run: resolve, url: href });
  if (typeof load === 'function') chains.load.push({ run: load, url: href });
}

/** Runs a chain, the hook registered last first. */
async function run(kind, subject, context, checkArgument, checkResult) {
  const chain = chains[kind];
  const next = kind === 'resolve' ? 'nextResolve' : 'nextLoad';
  const progress = { ended: false, circuited: false };
  const step = (i) => async (arg, changes) => {
    const { run, url } = chain[i];
    const name = `${url} '${kind}'`;
    const caller = i + 1 < chain.length ? `${chain[i + 1].url} '${kind}' hook's ${next}()` : '';
    if (i + 1 < chain.length) checkArgument(caller, arg, changes);
    if (changes) context = { ...context, ...changes };
    if (i === 0) progress.ended = true;
    const result = i === 0 ? run(arg, context) : await run(arg, context, step(i - 1));
    if (result === null || typeof result !== 'object') throw new codes.ERR_INVALID_RETURN_VALUE('an object', name, result);
    if (result.shortCircuit) progress.circuited = true;
    return checkResult(result, caller);
  };
  const top = chain.length - 1;
  const result = await step(top)(subject);
  if (!progress.ended && !progress.circuited) throw new codes.ERR_LOADER_CHAIN_INCOMPLETE(`${chain[top].url} '${kind}'`);
  return result;
}

function checkContext(name, context) {
  if (context !== undefined && (context === null || typeof context !== 'object')) throw new codes.ERR_INVALID_ARG_TYPE(`${name} context`, 'object', context);
}

async function resolve(specifier, context) {
  const checkArgument = (name, arg, changes) => {
    if (typeof arg !== 'string') throw new codes.ERR_INVALID_ARG_TYPE(`${name} specifier`, 'string', arg);
    checkContext(name, changes);
  };
  const { url, format, importAttributes } = await run('resolve', specifier, context, checkArgument, (result) => result);
  const name = `${chains.resolve.at(-1).url} 'resolve'`;
  if (typeof url !== 'string') throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a URL string', name, 'url', url);
  if (!URL.canParse(url)) throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a URL string', name, 'url', url);
  if (importAttributes !== undefined && (importAttributes === null || typeof importAttributes !== 'object')) {
    throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('an object', name, 'importAttributes', importAttributes);
  }
  if (format !== undefined && format !== null && typeof format !== 'string') {
    throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a string', name, 'format', format);
  }
  return { url, format: format ?? undefined, importAttributes };
}

async function load(url, context) {
  const checkArgument = (name, arg, changes) => {
    if (typeof arg !== 'string') throw new codes.ERR_INVALID_ARG_TYPE(`${name} url`, 'string', arg);
    if (!URL.canParse(arg)) throw new codes.ERR_INVALID_ARG_VALUE(`${name} url`, arg, 'should be a URL string');
    checkContext(name, changes);
  };
  const { format, source } = await run('load', url, context, checkArgument, (result) => result);
  const name = `${chains.load.at(-1).url} 'load'`;
  if (format === undefined || format === null) throw new codes.ERR_UNKNOWN_MODULE_FORMAT(format, url);
  if (typeof format !== 'string') throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a string', name, 'format', format);
  if (source !== undefined && source !== null && typeof source !== 'string' && !isAnyArrayBuffer(source) && !isArrayBufferView(source)) {
    throw new codes.ERR_INVALID_RETURN_PROPERTY_VALUE('a string, an ArrayBuffer, or a TypedArray', name, 'source', source);
  }
  return { format, source };
}

const methods = { register, resolve, load };

/** Answers on a port until the other side has gone. */
function serve(port) {
  process.exit = (code = process.exitCode ?? 0) => {
    port.postMessage({ exit: code });
    // Nothing after the call may run.
    return new Promise(() => {});
  };
  port.on('message', async ({ method, args }) => {
    try {
      port.postMessage({ result: await methods[method](...args) });
    } catch (error) {
      const fields = {};
      if (typeof error === 'object' && error !== null) {
        for (const key of Object.keys(error)) if (typeof error[key] !== 'function') fields[key] = error[key];
      }
      try {
        port.postMessage({ error, fields });
      } catch {
        port.postMessage({ error: new Error(String(error)), fields: {} });
      }
    }
  });
}

module.exports = { serve, register };
