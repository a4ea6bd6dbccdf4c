/** Keys for tests of web applications. */
export * from './browserless.ts';
