export { denoise_then_deliver } from './denoise-then-deliver.ts';
export { tiles } from './tiles.ts';
export { turntable } from './turntable.ts';
export { variants } from './variants.ts';
