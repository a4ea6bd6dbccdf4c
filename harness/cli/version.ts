import { createRequire } from 'node:module';

/** The version in package.json, found by the package's own name from sources and from dist/ alike. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('ctaplab/package.json') as { version: string };
  return version;
}
