/** The drivers of this machine, and sessions of Selenium with them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver';

export const CHROMEDRIVER = '/usr/bin/chromedriver';
export const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';

export const CHROMIUM = {
  browserName: 'chrome',
  'goog:chromeOptions': {
    binary: '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  },
};

export const WEBKIT = {
  browserName: 'MiniBrowser',
  'webkitgtk:browserOptions': {
    binary: '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
    args: ['--automation'],
  },
};

/** A session of Selenium with the driver at that address. */
export function openSession(url: string, capabilities: object): Promise<WebDriver> {
  return new Builder()
    .usingServer(url)
    .withCapabilities(new Capabilities({ ...capabilities }))
    .build();
}

export interface Screen {
  /** `:NUMBER`, for the environment variable DISPLAY. */
  readonly display: string;
  close(): Promise<void>;
}

/** A screen that nobody sees, for browsers that draw on one. */
export async function openScreen(): Promise<Screen> {
  const child: ChildProcess = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
  const [number] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`expected Xvfb to say its display, it ended with ${code}`);
    }),
  ])) as [string];
  return {
    display: `:${number}`,
    async close() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
