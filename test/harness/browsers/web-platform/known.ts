/** Which Web Platform Tests do not pass, and why: as of the sources of Firefox 140. */

export type Column = 'Chromium alone' | 'Chromium, in-page' | 'Firefox, in-page' | 'WebKit, in-page';

interface Known {
  readonly file: string;
  /** Default: all of the file, which is then not run. */
  readonly subtests?: readonly string[];
  readonly columns: readonly Column[];
  readonly why: string;
}

const IN_PAGE: readonly Column[] = ['Chromium, in-page', 'Firefox, in-page', 'WebKit, in-page'];
const ALL: readonly Column[] = ['Chromium alone', ...IN_PAGE];

const NO_FRAMES = 'a driver without WebDriver BiDi or DevTools reaches no frame before its scripts';
const NO_PRELOAD = 'a driver without WebDriver BiDi or DevTools reaches a page after its first scripts';

const KNOWN: readonly Known[] = [
  {
    file: 'securecontext.http.html',
    columns: ALL,
    why: 'the tests are served at *.localhost, which is a secure context by http, too',
  },
  {
    file: 'remote-desktop-client-override.tentative.https.html',
    subtests: [
      'create() with remoteDesktopClientOverride',
      'get() with remoteDesktopClientOverride on an unauthorized site',
    ],
    columns: ALL,
    why: 'tentative: no specification has this member',
  },
  {
    file: 'getcredential-extensions.https.html',
    subtests: ['Payment extension is only supported at registration'],
    columns: ALL,
    why: 'of Secure Payment Confirmation, which is not WebAuthn; Chromium does not refuse it either',
  },
  {
    file: 'getclientcapabilities.https.html',
    subtests: ['Capabilities keys are known'],
    columns: ['Chromium alone'],
    why: 'Chromium knows an extension that is newer than the tests',
  },
  {
    file: 'conditional-mediation.https.html',
    subtests: ['Conditional create supported'],
    columns: IN_PAGE,
    why: 'a security key makes no credential without a touch',
  },
  ...[
    'createcredential-cross-origin-iframe.https.sub.html',
    'createcredential-nested-frame.https.html',
    'getcredential-nested-frame.https.html',
  ].map((file): Known => ({ file, columns: ['WebKit, in-page'], why: NO_FRAMES })),
  ...[
    'getclientcapabilities.https.html',
    'getcredential-abort.https.html',
    'idlharness.https.window.js',
    'public-key-credential-creation-options-from-json.https.window.js',
    'public-key-credential-request-options-from-json.https.window.js',
    'securecontext.https.html',
  ].map((file): Known => ({ file, columns: ['WebKit, in-page'], why: NO_PRELOAD })),
];

/** Why a file is not run in that column; undefined where it is. */
export function leftOut(file: string, column: Column): string | undefined {
  return KNOWN.find((known) => known.file === file && known.subtests === undefined && known.columns.includes(column))
    ?.why;
}

/** The subtests of a file that do not pass in that column. */
export function knownToFail(file: string, column: Column): string[] {
  return KNOWN.filter((known) => known.file === file && known.columns.includes(column)).flatMap(
    ({ subtests = [] }) => subtests,
  );
}
