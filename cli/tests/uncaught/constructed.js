function fail() { throw new TypeError('boom'); }
fail();
