export { turntable } from './turntable.ts';
export { variants } from './variants.ts';
