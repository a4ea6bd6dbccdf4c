/** `ctaplab demo`: a registration and sign-ins by passkey and by one-time passwords, headless, each step told with its outcome. */
import type { Command } from 'commander';
import type { Lab } from '../../emulator/lab/lab.ts';
import type { TouchPolicy } from '../../emulator/lab/touch-policy.ts';
import type { TransportChoice } from '../../emulator/lab/transport.ts';
import type { Model } from '../../emulator/models/index.ts';
import type { DuoSite } from '../sites/duo/index.ts';
import type { AuthenticationResponseJSON, WebAuthnClient } from '../webauthn/index.ts';
import { closing } from './closing.ts';
import { openDevice } from './devices.ts';
import { Failure, toFailure } from './failure.ts';
import { labOptions, modelOption, seedOption, touchOption, transportOption } from './key-options.ts';
import { Output } from './output.ts';
import { SiteClient, SiteRefusal } from './site-client.ts';
import { verb } from './verb.ts';

interface DemoOptions {
  readonly json?: boolean;
  readonly model: Model;
  readonly touch?: TouchPolicy;
  readonly transport?: readonly TransportChoice[];
  readonly seed?: string;
}

export function command(): Command {
  return verb('demo', 'register and sign in once, headless, step by step', ['demo', 'demo --touch deny; echo $?'])
    .addOption(modelOption())
    .addOption(transportOption('udp'))
    .addOption(touchOption('auto'))
    .addOption(seedOption())
    .addHelpText('after', '\nExits 0 only where every step held; 4 where the touch was denied.')
    .action(demo);
}

interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Tells each step as it ends, and keeps them for --json. */
class Story {
  readonly steps: Step[] = [];
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Does one step; `work` resolves to its result and a few words on it. */
  async step<T>(step: string, work: () => Promise<readonly [T, string]>): Promise<T> {
    this.#output.progress(`${step} ...`);
    try {
      const [result, detail] = await work();
      this.#tell({ step, ok: true, detail });
      return result;
    } catch (error) {
      this.#tell({ step, ok: false, detail: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  #tell(step: Step): void {
    const { colors } = this.#output;
    this.#output.clearProgress();
    this.steps.push(step);
    this.#output.line(
      `${step.ok ? colors.green('ok    ') : colors.red('failed')}  ${step.step.padEnd(34)}  ${step.detail}`,
    );
  }
}

async function demo(options: DemoOptions): Promise<void> {
  if (options.touch === 'manual') {
    throw new Failure('usage', 'nobody is there to touch the key of a demo', 'Use --touch auto, deny or after=MS.');
  }
  const output = new Output(options);
  const story = new Story(output);
  try {
    await closing((onClose) => tell(story, options, onClose));
    output.document({ ok: true, steps: story.steps });
    output.line(output.colors.green('All steps held.'));
  } catch (error) {
    output.document({ ok: false, steps: story.steps });
    throw toFailure(error);
  }
}

type OnClose = (close: () => unknown) => void;

async function tell(story: Story, options: DemoOptions, onClose: OnClose): Promise<void> {
  const username = 'alice';
  const key = await story.step('plug in a virtual key', () => plugIn(options, onClose));
  const site = await story.step('start the site', () => startSite(onClose));
  const client = await story.step('reach the key', () => reach(key, site, onClose));
  const browser = new SiteClient(site.url);

  const creation = await story.step('ask the site to register', async () => {
    const json = await browser.registrationOptions(username);
    return [json, `user ${username}`] as const;
  });
  const registration = await story.step('the key makes a credential', async () => {
    const response = await client.create(creation);
    return [response, `credential ${response.id.slice(0, 16)}...`] as const;
  });
  await story.step('the site accepts the registration', async () => {
    const result = await browser.register(registration);
    return [result, `${result.keyCount} key for ${result.username}`] as const;
  });
  await story.step('sign out', async () => [await browser.signOut(), 'session ended'] as const);

  const request = await story.step('ask the site to sign in', async () => {
    const json = await browser.authenticationOptions(username);
    return [json, `user ${username}`] as const;
  });
  const assertion = await story.step('the key signs', async () => {
    const response = await client.get(request);
    return [response, `credential ${response.id.slice(0, 16)}...`] as const;
  });
  await story.step('the site accepts the sign-in', async () => {
    const result = await browser.authenticate(assertion);
    return [result, `signature counter ${result.signCount}`] as const;
  });
  await story.step('a copied answer is refused', async () => [null, await refusalOf(browser, assertion)] as const);

  const { tellOtp } = await import('./demo-otp.ts');
  await tellOtp(story, key.keys.get('1')!);
}

async function plugIn(options: DemoOptions, onClose: OnClose): Promise<readonly [Lab, string]> {
  const { Lab } = await import('../../emulator/lab/lab.ts');
  const { transport = [{ kind: 'udp', port: 0 }] } = options;
  const lab = await Lab.open(labOptions({ ...options, keys: 1, transport }, 'auto'));
  onClose(() => lab.close());
  const { key, devices } = lab.keys.get('1')!;
  return [lab, `${key.identity.product}, serial ${key.identity.serial}, at ${devices.join(' and ')}`];
}

async function startSite(onClose: OnClose): Promise<readonly [DuoSite, string]> {
  const { startDuoSite } = await import('../sites/duo/index.ts');
  const site = await startDuoSite({ port: 0 });
  onClose(() => site.close());
  return [site, site.url];
}

/** A WebAuthn client of the site's origin, as a browser on its page is one, over the first way to the key. */
async function reach(lab: Lab, site: DuoSite, onClose: OnClose): Promise<readonly [WebAuthnClient, string]> {
  const { WebAuthnClient } = await import('../webauthn/index.ts');
  const opened = await openDevice(lab.keys.get('1')!.devices[0]);
  onClose(() => opened.close());
  const { versions } = await opened.ctap2.getInfo();
  const client = new WebAuthnClient({ origin: site.url, authenticators: () => [opened.device] });
  return [client, versions.join(', ')];
}

/** Sends an answer once more, as somebody who has listened would; resolves to the words it is refused with. */
async function refusalOf(browser: SiteClient, assertion: AuthenticationResponseJSON): Promise<string> {
  try {
    await browser.authenticate(assertion);
  } catch (error) {
    if (error instanceof SiteRefusal) return error.code;
    throw error;
  }
  throw new Error('expected the site to refuse an answer that it has seen, but it signed in with it');
}
