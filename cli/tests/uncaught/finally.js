function deep() { throw new Error('first'); }
try { deep(); } finally { globalThis.done = true; }
