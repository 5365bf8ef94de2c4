try { eval('('.repeat(30000)) } catch (e) { e.name } try { JSON.parse('['.repeat(30000)) } catch (e) { e.name }
try { 'x'.repeat(2 ** 30) } catch (e) { e.name } try { (function f() { f() })() } catch (e) { e.name }
let s = 'x'; try { for (;;) s += s } catch (e) { e.name } try { new Array(-1) } catch (e) { e.name } 2n ** 1000n % 7n; for (;;);
