import { b } from './esm-cycle-b.mjs'; console.log('cycle a', b()); export function a() { return 'a+' + b(); }; export const k = 'k';
