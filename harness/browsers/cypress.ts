/** A security key for Cypress: tasks for its Node process. The support file has the other half. */
import { chooseKey, type KeyChoice } from './choose-key.ts';
import type { HeldKey } from './held-key.ts';
import type { BridgeAddress, LoopbackBridge } from './loopback-bridge.ts';
import { openLoopbackBridge } from './loopback-bridge.ts';
import { LabSecurityKey } from './outside-key.ts';
import { PageCeremonies } from './page-ceremonies.ts';
import { BINDING, initScript } from './page-frames.ts';
import { SecurityKey, type SecurityKeyOptions, type StoredPasskey } from './security-key.ts';

/** Options that go through cy.task, which passes JSON. */
export interface CypressKeyOptions extends Pick<SecurityKeyOptions, 'touch'> {
  readonly model?: string | undefined;
  readonly pin?: string | undefined;
  /** A key of the running lab in the place of a virtual one. */
  readonly lab?: 'running' | undefined;
  readonly key?: string | undefined;
}

/** What the support file installs. */
export interface InstallInPage extends BridgeAddress {
  /** The window's function that the script calls. */
  readonly binding: string;
  readonly script: string;
}

/** Each resolves to something that is not undefined, as Cypress wants it. */
export interface CtaplabTasks {
  /** Makes a key, and closes the one of the test before. */
  'ctaplab:attach'(options?: CypressKeyOptions | null): Promise<InstallInPage>;
  /** What waits for a touch right now. */
  'ctaplab:pending'(): Promise<readonly object[]>;
  /** As soon as the key asks for it. */
  'ctaplab:touch'(): Promise<object>;
  'ctaplab:deny'(): Promise<object>;
  'ctaplab:insert'(): Promise<null>;
  'ctaplab:remove'(): Promise<null>;
  /** What the user types from now on; null cancels the dialog. */
  'ctaplab:pin'(pin: string | null): null;
  /** Picks the passkey of a conditional request. */
  'ctaplab:autofill'(): Promise<null>;
  'ctaplab:passkeys'(): Promise<StoredPasskey[]>;
  'ctaplab:typeOtp'(): Promise<string>;
  /** Has the next request fail by that name. */
  'ctaplab:fail'(name: Parameters<HeldKey['fail']>[0]): null;
  'ctaplab:detach'(): Promise<null>;
}

/** `on('task', ctaplabTasks())` in setupNodeEvents. */
export function ctaplabTasks(): CtaplabTasks {
  let attached: { readonly key: HeldKey; readonly bridge: LoopbackBridge } | undefined;
  const detach = async () => {
    const last = attached;
    attached = undefined;
    await last?.key.close();
    await last?.bridge.close();
  };
  const held = (): SecurityKey | LabSecurityKey => {
    const key = attached?.key;
    if (key instanceof SecurityKey || key instanceof LabSecurityKey) return key;
    throw new Error('expected a key: run the task ctaplab:attach, or cy.securityKey(), first');
  };
  return {
    async 'ctaplab:attach'(options) {
      await detach();
      const key: HeldKey = await chooseKey((options ?? {}) as KeyChoice);
      const ceremonies = new PageCeremonies(key);
      key.onClose(() => ceremonies.close());
      const bridge = await openLoopbackBridge(ceremonies);
      attached = { key, bridge };
      return { url: bridge.url, secret: bridge.secret, binding: BINDING, script: initScript() };
    },
    async 'ctaplab:pending'() {
      const key = held();
      return key instanceof SecurityKey ? key.pending : key.pending();
    },
    'ctaplab:touch': async () => held().touch(),
    'ctaplab:deny': async () => held().deny(),
    async 'ctaplab:insert'() {
      await held().insert();
      return null;
    },
    async 'ctaplab:remove'() {
      await held().remove();
      return null;
    },
    'ctaplab:pin'(pin) {
      held().pin = pin ?? undefined;
      return null;
    },
    async 'ctaplab:autofill'() {
      await held().autofill();
      return null;
    },
    'ctaplab:passkeys': async () => held().passkeys(),
    'ctaplab:typeOtp': async () => held().typeOtp(),
    'ctaplab:fail'(name) {
      held().fail(name);
      return null;
    },
    async 'ctaplab:detach'() {
      await detach();
      return null;
    },
  };
}
