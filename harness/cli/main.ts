#!/usr/bin/env node
/** Entry of `ctaplab`. The version is told before anything else is loaded: scripts ask for it often. */
const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { packageVersion } = await import('./version.ts');
  process.stdout.write(`${packageVersion()}\n`);
} else {
  const { run } = await import('./run.ts');
  process.exitCode = await run(args);
}
