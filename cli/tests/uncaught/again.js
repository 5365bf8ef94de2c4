function deep() { null.x; }
try { deep(); } catch (e) { throw e; }
