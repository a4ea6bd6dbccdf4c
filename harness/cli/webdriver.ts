/** `ctaplab webdriver`: virtual authenticators for WebDriver clients, in front of a browser's own driver. */
import type { Command } from 'commander';
import { closing } from './closing.ts';
import { Failure } from './failure.ts';
import { integer } from './key-options.ts';
import { Output } from './output.ts';
import { StopRequest } from './terminal.ts';
import { verb } from './verb.ts';

interface WebDriverOptions {
  readonly json?: boolean;
  readonly driver: string;
  readonly port?: number;
}

export function command(): Command {
  return verb('webdriver', 'serve WebDriver with virtual authenticators, for every browser', [
    'webdriver --driver WebKitWebDriver --port 4444',
    'webdriver --driver chromedriver -- --log-level=ALL',
    'webdriver --driver http://127.0.0.1:9515',
  ])
    .requiredOption('--driver <path>', 'chromedriver, WebKitWebDriver or geckodriver; or the URL of one that runs')
    .option('--port <p>', 'port on loopback (default: a free one)', integer(1, 65535))
    .argument('[arguments...]', 'arguments for the driver, after --')
    .addHelpText('after', '\nPoint Selenium at the URL that is printed. SIGINT and SIGTERM end it cleanly.')
    .action(run);
}

function run(driverArguments: readonly string[], options: WebDriverOptions): Promise<void> {
  return closing(async (onClose) => {
    const output = new Output(options);
    const stop = new StopRequest();
    onClose(() => stop.close());
    const { startWebDriverServer } = await import('../browsers/webdriver/server.ts');
    const { driver, port } = options;
    const onDefect = (error: unknown) => process.stderr.write(`ctaplab: ${error}\n`);
    const server = await startWebDriverServer({ driver, driverArguments, port, onDefect }).catch((error: Error) => {
      throw new Failure('failed', error.message, 'Check --driver and --port.');
    });
    onClose(() => server.close());
    output.document({ pid: process.pid, url: server.url, driver });
    output.line(`ready  ${output.colors.bold(server.url)} in front of ${driver}`);
    await stop.requested;
  });
}
