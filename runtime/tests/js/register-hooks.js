// module.registerHooks and module.register: chains, contexts, sources, errors.
const { registerHooks, register, createRequire } = require('module');
const attempt = (f) => {
  try {
    console.log(f());
  } catch (e) {
    console.log(e.name, e.code, e.message.split("\n")[0]);
  }
};

const first = registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === 'virtual:a') return { url: 'virtual:a', format: 'commonjs', shortCircuit: true };
    if (specifier === 'virtual:json') return { url: 'virtual:json', format: 'json', shortCircuit: true };
    return nextResolve(specifier, context);
  },
  load(url, context, nextLoad) {
    if (url === 'virtual:a') return { format: context.format, source: 'module.exports = { a: 1, id: module.id };', shortCircuit: true };
    if (url === 'virtual:json') return { format: 'json', source: '{"j": [1]}', shortCircuit: true };
    return nextLoad(url, context);
  },
});
console.log(Object.keys(first), Object.isFrozen(first));
console.log(require('virtual:a'), require('virtual:json'), require('virtual:a') === require('virtual:a'));

const second = registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier === 'alias' ? 'fs' : specifier);
    if (specifier === 'alias') console.log(specifier, context.conditions, context.importAttributes, found);
    return found;
  },
});
console.log(require('alias') === require('fs'), require.resolve('alias'));
second.deregister();
attempt(() => require('alias'));

const wrong = (hooks, name) => {
  const h = registerHooks(hooks);
  attempt(() => require(name));
  h.deregister();
};
wrong({ resolve: () => ({ url: 'node:fs' }) }, 'w1');
wrong({ resolve: () => ({ url: 5, shortCircuit: true }) }, 'w2');
wrong({ resolve: () => ({ url: 'virtual:w', format: 5, shortCircuit: true }) }, 'w3');
wrong({ resolve: () => ({ url: 'virtual:w', format: 'commonjs', shortCircuit: true }), load: () => ({ format: 'commonjs', shortCircuit: true }) }, 'w4');
attempt(() => registerHooks({ resolve: 1 }));
attempt(() => registerHooks({ load: 1 }));

(async () => {
  const source = `
    export async function initialize(data) { globalThis.given = data; }
    export async function resolve(specifier, context, next) {
      return specifier === 'from:thread' ? { url: 'from:thread', shortCircuit: true } : next(specifier, context);
    }
    export async function load(url, context, next) {
      if (url !== 'from:thread') return next(url, context);
      return { format: 'module', source: 'export default ' + JSON.stringify(globalThis.given), shortCircuit: true };
    }`;
  register(`data:text/javascript,${encodeURIComponent(source)}`, { data: { n: 42 } });
  console.log((await import('from:thread')).default);
  console.log((await import('virtual:a')).default.a, (await import('node:path')).default === require('path'));
  await import('./no-such-file.mjs').catch((e) => console.log(e.code));
  first.deregister();
})();
