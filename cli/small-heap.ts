import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the part of the heap for new objects at the size it has now, some 20 MiB below what it grows to while a program
 * loads and never gives back. Node's own option for this only counts on its command line.
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * The same for old objects: they are cleared away when the heap has grown by two fifths, where V8 lets one that is busy double.
 * For a process that must stay as small with thousands of messages as with one.
 */
export function keepHeapSmall(): void {
  keepYoungHeapSmall();
  setFlagsFromString('--heap-growing-percent=40');
}
