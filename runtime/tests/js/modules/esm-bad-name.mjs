import { notThere } from './esm-a.mjs'; console.log(notThere);
