// node:module: what the Module class offers beside loading. Loading itself is native (modules/cjs.rs, cjs_module.rs).
//
// Native helpers (`module_native`): Module; findPackageJSON(specifier, baseURL); builtinNames(); globalPaths(); syncBuiltins(); strip(text);
// initPaths(NODE_PATH, HOME, execPath); runMain(path).

const { codes } = require('./errors');
const { validateBoolean, validateObject, validateOneOf, validateString } = require('./validators');
const native = require('./module_native');

const { Module } = native;
const { defineProperty, freeze } = Object;

// `module.parent`, which is hidden on modules themselves.
defineProperty(Module.prototype, 'isPreloading', { __proto__: null, configurable: true, enumerable: false, get: () => false });

const wrapper = ['(function (exports, require, module, __filename, __dirname) { ', '\n});'];

function findPackageJSON(specifier, base = 'data:') {
  if (arguments.length === 0) throw new codes.ERR_MISSING_ARGS('specifier');
  if (specifier instanceof URL) specifier = specifier.href;
  else validateString(specifier, 'specifier');
  let parent = base;
  if (base instanceof URL) parent = base.href;
  else if (typeof base !== 'string') throw new codes.ERR_INVALID_ARG_TYPE('base', ['string', 'URL'], base);
  if (parent === 'data:') {
    if (!URL.canParse(specifier) && !specifier.startsWith('/')) parent = undefined;
  }
  if (parent !== undefined && parent.startsWith('/')) parent = require('url').pathToFileURL(parent).href;
  return native.findPackageJSON(specifier, parent ?? 'data:');
}

const compileCacheStatus = freeze({ __proto__: null, FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 });

// Compiled code is not kept on disk: compiling is cheap here, so the answer is always that it is off.
function enableCompileCache() {
  return { __proto__: null, status: compileCacheStatus.DISABLED };
}

function stripTypeScriptTypes(code, options = {}) {
  validateString(code, 'code');
  validateObject(options, 'options');
  const { mode = 'strip', sourceUrl = '', sourceMap = false } = options;
  validateOneOf(mode, 'options.mode', ['strip', 'transform']);
  validateString(sourceUrl, 'options.sourceUrl');
  validateBoolean(sourceMap, 'options.sourceMap');
  if (mode === 'strip') validateOneOf(sourceMap, 'options.sourceMap', [false, undefined]);
  else throw new codes.ERR_FEATURE_UNAVAILABLE_ON_PLATFORM('stripTypeScriptTypes with mode "transform"');
  const stripped = native.strip(code);
  return sourceUrl ? `${stripped}\n\n//# sourceURL=${sourceUrl}` : stripped;
}

let sourceMaps = freeze({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false });

function setSourceMapsSupport(enabled, options = {}) {
  validateBoolean(enabled, 'enabled');
  validateObject(options, 'options');
  const { nodeModules = false, generatedCode = false } = options;
  validateBoolean(nodeModules, 'options.nodeModules');
  validateBoolean(generatedCode, 'options.generatedCode');
  sourceMaps = freeze({ __proto__: null, enabled, nodeModules, generatedCode });
}

Object.assign(Module, {
  globalPaths: native.globalPaths(),
  _debug: require('util').debuglog('module'),
  _initPaths() {
    const { NODE_PATH, HOME } = process.env;
    Module.globalPaths = native.initPaths(NODE_PATH ?? '', HOME ?? '', process.execPath);
  },
  _stat(path) {
    const stats = require('fs').statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? -2 : stats.isDirectory() ? 1 : 0;
  },
  _preloadModules(requests) {
    if (!Array.isArray(requests)) return;
    const parent = new Module('internal/preload', null);
    parent.paths = Module._nodeModulePaths(process.cwd());
    for (const request of requests) parent.require(request);
  },
  syncBuiltinESMExports: native.syncBuiltins,
  builtinModules: native.builtinNames(),
  runMain(main = process.argv[1]) {
    native.runMain(require('path').resolve(main));
  },
  register: function register(...args) {
    return require('./module_hooks').register(...args);
  },
  registerHooks: function registerHooks(hooks) {
    return require('./module_hooks').registerHooks(hooks);
  },
  constants: freeze({ __proto__: null, compileCacheStatus }),
  enableCompileCache,
  findPackageJSON,
  flushCompileCache() {},
  getCompileCacheDir() {},
  stripTypeScriptTypes,
  findSourceMap() {},
  getSourceMapsSupport: () => sourceMaps,
  setSourceMapsSupport,
});

// The text around a module's own, which programs may replace.
let currentWrapper = wrapper;
defineProperty(Module, 'wrapper', {
  __proto__: null,
  configurable: true,
  enumerable: false,
  get: () => currentWrapper,
  set(value) {
    currentWrapper = value;
    native.setWrapper(value === wrapper ? undefined : value);
  },
});
native.setRunMain(Module.runMain);

module.exports = Module;
