/** Options that are missing, of the wrong type or out of range: what Chromium makes of them by itself, and with our key. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SecurityKey, withSecurityKey } from '../../../harness/browsers/index.ts';
import { launchChromium } from './chromium.ts';
import { type Pages, script, servePages } from './pages.ts';

let browser: Browser;
let pages: Pages;
let contexts: BrowserContext[];
let theirs: Page;
let ours: Page;
let key: SecurityKey;

beforeAll(async () => {
  [browser, pages] = await Promise.all([launchChromium(), servePages()]);
  contexts = [await browser.newContext(), await browser.newContext()];
  theirs = await contexts[0]!.newPage();
  const session = await contexts[0]!.newCDPSession(theirs);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'usb',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  key = await withSecurityKey(contexts[1]!, { pin: '2468' });
  ours = await contexts[1]!.newPage();
  for (const page of [theirs, ours]) {
    await page.goto(pages.origin);
    expect(await page.evaluate(script.outcome(script.create()))).toBe('done');
  }
});
afterAll(async () => {
  await browser?.close();
  await key?.close();
  await pages?.close();
});

/** Values that no member expects; `omit` leaves it out. */
const VALUES = ['undefined', 'null', '0', '-1', '1.5', '"text"', '""', 'true', '[]', '{}', 'Symbol()', '5n', '[1]'];
const BYTES = ['new Uint8Array(0)', 'new Uint8Array(65)', 'new ArrayBuffer(4)', 'new DataView(new ArrayBuffer(4))'];

/** `name` as options of create(), with that value at the end of the path. */
function nested(path: readonly string[], value: string): string {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  return `{ ${name}: ${nested(rest, value)} }`;
}

const USER = 'id: new Uint8Array(1), name: "a", displayName: "A"';
const CREATION: Record<string, (value: string) => string> = {
  rp: (value) => `{ rp: ${value} }`,
  'rp.name': (value) => `{ rp: { name: ${value} } }`,
  'rp.id': (value) => `{ rp: { name: "x", id: ${value} } }`,
  user: (value) => `{ user: ${value} }`,
  'user.id': (value) => `{ user: { ${USER}, id: ${value} } }`,
  'user.name': (value) => `{ user: { ${USER}, name: ${value} } }`,
  'user.displayName': (value) => `{ user: { ${USER}, displayName: ${value} } }`,
  challenge: (value) => `{ challenge: ${value} }`,
  pubKeyCredParams: (value) => `{ pubKeyCredParams: ${value} }`,
  'pubKeyCredParams[]': (value) => `{ pubKeyCredParams: [${value}] }`,
  'pubKeyCredParams.alg': (value) => `{ pubKeyCredParams: [{ type: "public-key", alg: ${value} }] }`,
  'pubKeyCredParams.type': (value) => `{ pubKeyCredParams: [{ type: ${value}, alg: -7 }] }`,
  timeout: (value) => `{ timeout: ${value} }`,
  excludeCredentials: (value) => `{ excludeCredentials: ${value} }`,
  'excludeCredentials.id': (value) => `{ excludeCredentials: [{ type: "public-key", id: ${value} }] }`,
  'excludeCredentials.type': (value) => `{ excludeCredentials: [{ type: ${value}, id: new Uint8Array(4) }] }`,
  'excludeCredentials.transports': (value) =>
    `{ excludeCredentials: [{ type: "public-key", id: new Uint8Array(4), transports: ${value} }] }`,
  authenticatorSelection: (value) => `{ authenticatorSelection: ${value} }`,
  authenticatorAttachment: (value) => nested(['authenticatorSelection', 'authenticatorAttachment'], value),
  residentKey: (value) => nested(['authenticatorSelection', 'residentKey'], value),
  requireResidentKey: (value) => nested(['authenticatorSelection', 'requireResidentKey'], value),
  userVerification: (value) => nested(['authenticatorSelection', 'userVerification'], value),
  attestation: (value) => `{ attestation: ${value} }`,
  hints: (value) => `{ hints: ${value} }`,
  extensions: (value) => `{ extensions: ${value} }`,
  credProps: (value) => nested(['extensions', 'credProps'], value),
  credentialProtectionPolicy: (value) => nested(['extensions', 'credentialProtectionPolicy'], value),
  prf: (value) => nested(['extensions', 'prf'], value),
  'prf.eval': (value) => nested(['extensions', 'prf', 'eval'], value),
  'prf.eval.first': (value) => nested(['extensions', 'prf', 'eval', 'first'], value),
  largeBlob: (value) => nested(['extensions', 'largeBlob'], value),
  'largeBlob.support': (value) => nested(['extensions', 'largeBlob', 'support'], value),
};
const REQUEST: Record<string, (value: string) => string> = {
  challenge: (value) => `{ challenge: ${value} }`,
  timeout: (value) => `{ timeout: ${value} }`,
  rpId: (value) => `{ rpId: ${value} }`,
  allowCredentials: (value) => `{ allowCredentials: ${value} }`,
  'allowCredentials.id': (value) => `{ allowCredentials: [{ type: "public-key", id: ${value} }] }`,
  'allowCredentials.type': (value) => `{ allowCredentials: [{ type: ${value}, id: credential.rawId }] }`,
  userVerification: (value) => `{ userVerification: ${value} }`,
  extensions: (value) => `{ extensions: ${value} }`,
  'prf.evalByCredential': (value) => nested(['extensions', 'prf', 'evalByCredential'], value),
  'largeBlob.read': (value) => nested(['extensions', 'largeBlob', 'read'], value),
  'largeBlob.write': (value) => nested(['extensions', 'largeBlob', 'write'], value),
};
const MORE: Record<string, (value: string) => string> = {
  mediation: (value) => `{ mediation: ${value} }`,
  signal: (value) => `{ signal: ${value} }`,
};

/** Where the specification and Chromium part, or Chromium's test environment and Chromium. */
const EXPLAINED: readonly (readonly [RegExp, string])[] = [
  [/^user\.id: new Uint8Array\(0\): .*ours TypeError$/, '§5.1.3 step 5 wants 1 to 64 bytes; Chromium takes none'],
  [/^pubKeyCredParams\.alg: .*ours NotSupportedError$/, '§5.1.3.1 names the error; Chromium gives it for real keys'],
  [/^timeout: .*ours done$/, 'Chromium keeps to the timeout of 0 before its virtual authenticator alone'],
  [/^allowCredentials\.type: .*ours NotAllowedError$/, '§5.8.3: a list of nothing but unknown types is an error'],
];

type Kind = 'create' | 'get';
type Row = readonly [label: string, expression: string];

function rows(kind: Kind): Row[] {
  const table = kind === 'create' ? CREATION : REQUEST;
  const found: Row[] = [];
  for (const [name, options] of Object.entries(table)) {
    for (const value of [...VALUES, ...(/id|challenge|first|write/i.test(name) ? BYTES : [])]) {
      const fixed = kind === 'get' && !name.startsWith('allowCredentials') ? `...${script.allowed},` : '';
      const all = `{ ${fixed} ...${options(value)} }`;
      found.push([`${name}: ${value}`, kind === 'create' ? script.create(all) : script.get(all)]);
    }
  }
  for (const [name, options] of Object.entries(MORE)) {
    for (const value of VALUES) {
      const all = kind === 'create' ? script.create('{}', options(value)) : script.get(script.allowed, options(value));
      found.push([`${name}: ${value}`, all]);
    }
  }
  return found;
}

/** The outcomes of all rows, in their order. A page that asks for nothing else but ceremonies keeps its credential. */
async function outcomes(page: Page, all: readonly Row[]): Promise<string[]> {
  const calls = all.map(([, expression]) => `() => ${expression.replace('(window.credential = credential)', '0')}`);
  return page.evaluate(`(async () => {
    const outcomes = [];
    for (const call of [${calls.join(',')}]) {
      outcomes.push(await (async () => call())().then(() => 'done', (error) => error.name));
    }
    return outcomes;
  })()`);
}

describe.each(['create', 'get'] as const)('the options of %s()', (kind) => {
  it('give what Chromium gives, member by member', async () => {
    const all = rows(kind);
    const expected = await outcomes(theirs, all);
    const got = await outcomes(ours, all);
    const differences = all.flatMap(([label], index) =>
      expected[index] === got[index] ? [] : [`${label}: Chromium ${expected[index]}, ours ${got[index]}`],
    );
    const unexplained = differences.filter((line) => !EXPLAINED.some(([pattern]) => pattern.test(line)));
    expect(unexplained).toEqual([]);
    expect(new Set(expected).size).toBeGreaterThan(2);
  });
});
