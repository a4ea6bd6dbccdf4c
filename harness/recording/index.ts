/** Ceremonies saved, replayed to the byte, and compared. */
export * from './compare.ts';
export * from './explain.ts';
export * from './format.ts';
export * from './read.ts';
export * from './recorder.ts';
export * from './replay.ts';
