// --loader: hooks that run in the hooks thread; --import: modules that are evaluated before the program.

function registerLoaders(loaders) {
  const { register } = require('./module_hooks');
  const { pathToFileURL } = require('url');
  const calls = loaders.map((name) => `register(${JSON.stringify(encodeURI(name))}, pathToFileURL("./"));`);
  const instead = `import { register } from "node:module"; import { pathToFileURL } from "node:url"; ${calls.join(' ')}`;
  process.emitWarning(
    `\`--experimental-loader\` may be removed in the future; instead use \`register()\`:\n--import 'data:text/javascript,${instead}'`,
    'ExperimentalWarning',
  );
  const base = pathToFileURL(`${process.cwd()}/`).href;
  for (const name of loaders) register(name, base);
}

async function importAll(names, importOne, main) {
  for (const name of names) await importOne(name);
  main();
}

module.exports = (names, importOne, main, loaders) => {
  if (loaders.length > 0) registerLoaders(loaders);
  if (names.length === 0) main();
  else return importAll(names, importOne, main);
};
