/** Ceremonies saved, replayed to the byte, and compared. */
export type { Json } from '../../ctap/trace/entry.ts';
export { explainRequest, explainResponse } from '../../ctap/trace/explain.ts';
export { explainU2fRequest, explainU2fResponse } from '../../ctap/trace/explain-u2f.ts';
export * from './compare.ts';
export * from './format.ts';
export * from './read.ts';
export * from './recorder.ts';
export * from './replay.ts';
