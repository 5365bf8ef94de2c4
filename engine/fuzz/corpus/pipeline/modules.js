import d, * as ns from './x.js'; import { 'a b' as c } from 'y' with { type: 'json' };
export * as q from 'z'; export { c as default, d as "e f" }; export const [m, { n = await import('w') }] = [1, {}]; import.meta.url;
