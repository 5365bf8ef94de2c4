import { a, k } from './esm-cycle-a.mjs'; console.log('cycle b', typeof a); try { k; } catch (e) { console.log(e.message); } export function b() { return 'b'; }
