/** Debian's Firefox ESR for the tests, by Puppeteer over WebDriver BiDi. */
import puppeteer, { type Browser, type LaunchOptions } from 'puppeteer-core';

export function launchFirefox(options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = '/usr/bin/firefox-esr';
  return puppeteer.launch({ browser: 'firefox', executablePath, headless: true, timeout: 120_000, ...options });
}
