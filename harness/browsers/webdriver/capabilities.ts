/** The capabilities of a session that are ours: WebAuthn Level 3 §11.1, and WebDriver BiDi for our own use. */
import { EXTENSIONS } from './authenticator-configuration.ts';
import { expected } from './error.ts';
import { type JsonObject, jsonObject } from './parameters.ts';

const BIDI = 'webSocketUrl';
/** Values of browserName. */
const CHROMIUM = ['chrome', 'chromium', 'MicrosoftEdge', 'msedge'];

export interface SessionWish {
  /** The body for the driver: without our capabilities. */
  readonly parameters: JsonObject;
  /** True where the client itself wants WebDriver BiDi. */
  readonly wantsBidi: boolean;
  /** True where a browser of Chromium is asked for. */
  readonly isChromium: boolean;
}

/** What the endpoint says of itself in the answer to New Session. */
export const OWN_CAPABILITIES: JsonObject = {
  'webauthn:virtualAuthenticators': true,
  ...Object.fromEntries(EXTENSIONS.map((name) => [`webauthn:extension:${name}`, true])),
};

/**
 * Takes our capabilities out of the parameters of New Session. What is asked for and not there makes a choice of
 * `firstMatch` fall out.
 * @throws WebDriverError invalid argument
 */
export function parseSessionWish(body: unknown): SessionWish {
  const parameters = jsonObject(body);
  if (parameters.capabilities === undefined) return { parameters, wantsBidi: false, isChromium: false };
  const capabilities = jsonObject(parameters.capabilities, 'capabilities');
  const always = jsonObject(capabilities.alwaysMatch ?? {}, 'alwaysMatch');
  const first = capabilities.firstMatch ?? [{}];
  if (!Array.isArray(first) || first.length === 0) throw expected('firstMatch to be a list of capabilities', first);
  if (!canMatch(always))
    throw expected(`no other virtual authenticators than ${Object.keys(OWN_CAPABILITIES)}`, always);
  const choices = first.map((choice) => jsonObject(choice, 'firstMatch')).filter(canMatch);
  if (choices.length === 0)
    throw expected(`no other virtual authenticators than ${Object.keys(OWN_CAPABILITIES)}`, first);
  return {
    parameters: {
      ...parameters,
      capabilities: { ...capabilities, alwaysMatch: withoutOwn(always), firstMatch: choices.map(withoutOwn) },
    },
    wantsBidi: [always, ...choices].some((choice) => choice[BIDI] === true),
    isChromium: [always, ...choices].some(({ browserName }) => CHROMIUM.includes(String(browserName))),
  };
}

/** The parameters of New Session with WebDriver BiDi. */
export function withBidi({ parameters }: SessionWish): JsonObject {
  const capabilities = jsonObject(parameters.capabilities ?? {});
  const alwaysMatch = { ...jsonObject(capabilities.alwaysMatch ?? {}), [BIDI]: true };
  const first = capabilities.firstMatch as JsonObject[] | undefined;
  const firstMatch = first?.map(({ [BIDI]: _, ...choice }) => choice) ?? [{}];
  return { ...parameters, capabilities: { ...capabilities, alwaysMatch, firstMatch } };
}

/** The capabilities for the client: with ours, and with BiDi only where it asked for it. */
export function answerWith(capabilities: JsonObject, { wantsBidi }: SessionWish): JsonObject {
  const { [BIDI]: url, ...rest } = capabilities;
  return { ...rest, ...(wantsBidi && url !== undefined ? { [BIDI]: url } : {}), ...OWN_CAPABILITIES };
}

function isOwn(name: string): boolean {
  return name.startsWith('webauthn:');
}

function canMatch(capabilities: JsonObject): boolean {
  return Object.entries(capabilities).every(([name, wanted]) => {
    if (!isOwn(name) || wanted === null) return true;
    if (typeof wanted !== 'boolean') throw expected(`${name} to be a boolean`, wanted);
    return wanted === (OWN_CAPABILITIES[name] ?? false);
  });
}

function withoutOwn(capabilities: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(capabilities).filter(([name]) => !isOwn(name)));
}
