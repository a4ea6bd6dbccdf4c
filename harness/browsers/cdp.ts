/**
 * Chromium's own virtual authenticator in step with ours, over the WebAuthn domain of its DevTools Protocol: a credential
 * made with the one signs in with the other. Large blobs stay where they are; credentials of other algorithms than
 * ES256, which Chromium takes alone, do so too.
 */
import { fromBase64Url, toBase64Url } from '../../ctap/bytes.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import type { VirtualKey } from '../../emulator/key.ts';
import { defaultModel, findModel, type Model } from '../../emulator/models/index.ts';
import type { ExportedPortableCredential, PortableCredentials } from '../../emulator/portable-credentials.ts';
import { fromPkcs8, toPkcs8 } from './pkcs8.ts';

// What is used of a session of the protocol, by its shape: Playwright's and Puppeteer's both have it.
export interface CdpSession {
  send(...methodAndParams: never[]): Promise<unknown>;
  on(...eventAndListener: never[]): unknown;
  off(...eventAndListener: never[]): unknown;
}

/** WebAuthn.VirtualAuthenticatorOptions of the protocol. */
export interface ChromiumAuthenticatorOptions {
  readonly protocol?: 'u2f' | 'ctap2';
  readonly transport?: 'usb' | 'nfc' | 'ble' | 'cable' | 'internal';
  readonly hasResidentKey?: boolean;
  readonly hasUserVerification?: boolean;
  readonly isUserVerified?: boolean;
  readonly [option: string]: unknown;
}

/** WebAuthn.Credential of the protocol; bytes are base64. */
interface ChromiumCredential {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId?: string;
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly signCount: number;
  readonly backupEligibility?: boolean;
  readonly backupState?: boolean;
  readonly userName?: string;
  readonly userDisplayName?: string;
}

const DEFAULTS = {
  protocol: 'ctap2',
  transport: 'usb',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
} as const;

/**
 * A model like another, whose credentials can be taken out and put in.
 * @param model a model or its name; default: the default model
 * @throws RangeError for an unknown model
 */
export function withPortableCredentials(model: Model | string = defaultModel): Model {
  const portableCredentials = { backupEligibility: false, backupState: false };
  return { ...(typeof model === 'string' ? findModel(model) : model), portableCredentials };
}

/** Two authenticators with the same credentials. */
export class ChromiumAuthenticator {
  /** AuthenticatorId of the protocol. */
  readonly id: string;
  readonly #send: <T>(method: string, params?: object) => Promise<T>;
  readonly #credentials: PortableCredentials;
  readonly #stop: () => void;
  #following: Promise<unknown> = Promise.resolve();

  private constructor(session: CdpSession, id: string, credentials: PortableCredentials) {
    this.id = id;
    this.#send = sender(session);
    this.#credentials = credentials;
    const take = ({ authenticatorId, credential }: { authenticatorId: string; credential: ChromiumCredential }) => {
      if (authenticatorId !== id) return;
      this.#following = this.#following.then(() => this.#take(credential));
    };
    const events = ['WebAuthn.credentialAdded', 'WebAuthn.credentialAsserted'];
    for (const event of events) session.on(...([event, take] as never[]));
    this.#stop = () => {
      for (const event of events) session.off(...([event, take] as never[]));
    };
  }

  /**
   * Adds a virtual authenticator to the page of that session, with the credentials of `key`. What the page makes and
   * signs with it comes to `key` by itself.
   * @throws TypeError for a key whose credentials are not portable ({@link withPortableCredentials})
   */
  static async add(
    session: CdpSession,
    key: VirtualKey,
    options: ChromiumAuthenticatorOptions = {},
  ): Promise<ChromiumAuthenticator> {
    if (key.portable === undefined) {
      throw new TypeError(`expected a key with portable credentials, the model ${key.model.name} has none`);
    }
    const send = sender(session);
    await send('WebAuthn.enable', { enableUI: false });
    const all = { ...DEFAULTS, automaticPresenceSimulation: true, ...options };
    const added = await send<{ authenticatorId: string }>('WebAuthn.addVirtualAuthenticator', { options: all });
    const authenticator = new ChromiumAuthenticator(session, added.authenticatorId, key.portable);
    await authenticator.push();
    return authenticator;
  }

  /**
   * Gives Chromium what the key has made and signed since.
   * @returns ids (base64url) of credentials that Chromium cannot take
   */
  async push(): Promise<string[]> {
    await this.pull();
    const theirs = new Map((await this.#theirs()).map((credential) => [idOf(credential), credential]));
    const left: string[] = [];
    for (const credential of await this.#credentials.list()) {
      const id = toBase64Url(credential.id);
      const there = theirs.get(id);
      if (there !== undefined && there.signCount >= credential.signCount) continue;
      if (credential.alg !== Algorithm.ES256 || credential.rpId === undefined) {
        left.push(id);
        continue;
      }
      const authenticatorId = this.id;
      const credentialId = base64(credential.id);
      // The protocol has no word for another sign count.
      if (there !== undefined) await this.#send('WebAuthn.removeCredential', { authenticatorId, credentialId });
      await this.#send('WebAuthn.addCredential', { authenticatorId, credential: toChromium(credential) });
    }
    return left;
  }

  /** Gives the key what Chromium's authenticator has made and signed since; what is under way is waited for. */
  async pull(): Promise<void> {
    await this.#following;
    for (const credential of await this.#theirs()) await this.#take(credential);
  }

  /** Takes the authenticator away; the key keeps the credentials. */
  async remove(): Promise<void> {
    await this.pull();
    this.#stop();
    await this.#send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.id });
  }

  async #theirs(): Promise<readonly ChromiumCredential[]> {
    const { credentials } = await this.#send<{ credentials: readonly ChromiumCredential[] }>(
      'WebAuthn.getCredentials',
      {
        authenticatorId: this.id,
      },
    );
    return credentials;
  }

  /** A credential that the key lacks, or a sign count that is further. */
  async #take(credential: ChromiumCredential): Promise<void> {
    const { credentialId, rpId, signCount } = credential;
    const id = fromBase64(credentialId);
    const [known] = (await this.#credentials.list()).filter((other) => toBase64Url(other.id) === toBase64Url(id));
    if (known === undefined) {
      if (rpId === undefined) throw new RangeError(`expected the credential ${toBase64Url(id)} to have an RP ID`);
      await this.#credentials.add({ ...fromChromium(credential), rpId });
    } else if (signCount > known.signCount) {
      await this.#credentials.update(id, { signCount });
    }
  }
}

function sender(session: CdpSession): <T>(method: string, params?: object) => Promise<T> {
  return (method, params = {}) => session.send(...([method, params] as never[])) as Promise<never>;
}

function fromChromium(credential: ChromiumCredential) {
  const { userHandle, userName, userDisplayName, backupEligibility = false, backupState = false } = credential;
  return {
    id: fromBase64(credential.credentialId),
    isDiscoverable: credential.isResidentCredential,
    alg: Algorithm.ES256,
    ...fromPkcs8(fromBase64(credential.privateKey)),
    userHandle: userHandle === undefined ? undefined : fromBase64(userHandle),
    userName,
    userDisplayName,
    signCount: Math.max(0, credential.signCount),
    backupEligibility,
    backupState,
  };
}

function toChromium(credential: ExportedPortableCredential): ChromiumCredential {
  const { rpId, userHandle, userName, userDisplayName } = credential;
  return {
    credentialId: base64(credential.id),
    isResidentCredential: credential.isDiscoverable,
    ...(rpId === undefined ? {} : { rpId }),
    privateKey: base64(toPkcs8(credential)),
    ...(userHandle === undefined ? {} : { userHandle: base64(userHandle) }),
    signCount: credential.signCount,
    backupEligibility: credential.backupEligibility,
    backupState: credential.backupState,
    ...(userName === undefined ? {} : { userName }),
    ...(userDisplayName === undefined ? {} : { userDisplayName }),
  };
}

function idOf({ credentialId }: ChromiumCredential): string {
  return toBase64Url(fromBase64(credentialId));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return fromBase64Url(text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
}
