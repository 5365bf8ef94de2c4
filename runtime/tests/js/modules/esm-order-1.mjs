console.log('order 1'); import './esm-order-2.mjs';
