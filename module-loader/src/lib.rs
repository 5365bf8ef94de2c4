//! Node's module resolution, package.json, cache and graph, as pure algorithms.
