/** What a User-Agent header says of the browser and the system; null where it says nothing that is known here. */
export interface UserAgentJSON {
  readonly browser: string | null;
  readonly browser_version: string | null;
  readonly os: string | null;
  readonly os_version: string | null;
}

// The first that matches counts: Edge calls itself Chrome too, and Chrome Safari.
const BROWSERS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/([0-9.]+)/],
  ['Firefox', /\bFirefox\/([0-9.]+)/],
  ['Chrome', /\b(?:Headless)?Chrome\/([0-9.]+)/],
  ['Safari', /\bVersion\/([0-9.]+).*\bSafari\//],
];
const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Windows', /\bWindows NT ([0-9.]+)/],
  ['Android', /\bAndroid ([0-9.]+)/],
  ['iOS', /\b(?:iPhone|iPad).*? OS ([0-9_]+)/],
  ['Mac OS X', /\bMac OS X ([0-9._]+)/],
  ['Linux', /\bLinux\b()/],
];

/** Reads a User-Agent header (RFC 9110 §10.1.5) for the log, not for any decision. */
export function describeUserAgent(userAgent: string): UserAgentJSON {
  const [browser, browserVersion] = firstOf(BROWSERS, userAgent);
  const [os, osVersion] = firstOf(SYSTEMS, userAgent);
  return { browser, browser_version: browserVersion, os, os_version: osVersion };
}

function firstOf(known: typeof BROWSERS, userAgent: string): [name: string | null, version: string | null] {
  for (const [name, pattern] of known) {
    const found = pattern.exec(userAgent);
    if (found !== null) return [name, found[1]?.replaceAll('_', '.') || null];
  }
  return [null, null];
}
