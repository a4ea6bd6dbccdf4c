import { beforeEach, describe, expect, it } from 'vitest';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { setEnterpriseRpIdsParams } from '../../../emulator/authenticator/vendor-config.ts';
import { findModel, type Model } from '../../../emulator/models/index.ts';
import { ConfigClient } from '../../../harness/client/config.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openKey, plugIn } from './keys.ts';

const PIN = '735917';
const everything = findModel('ctap2.3-everything');

let ctap2: Ctap2Client;
let pin: PinClient;

async function open(model: Model): Promise<void> {
  ctap2 = new Ctap2Client(await plugIn(await openKey({ model })));
  pin = new PinClient(ctap2);
}

async function config(permissions: number = Permission.authenticatorConfiguration): Promise<ConfigClient> {
  return new ConfigClient(ctap2, await pin.getPinUvAuthToken({ pin: PIN, permissions }));
}

beforeEach(() => open(everything));

describe('settings', () => {
  it('are changed with a token, and shown in getInfo', async () => {
    await pin.setPin(PIN);
    const client = await config();
    await client.toggleAlwaysUv();
    expect((await ctap2.getInfo()).options?.alwaysUv).toBe(true);
    await client.toggleAlwaysUv();
    expect((await ctap2.getInfo()).options?.alwaysUv).toBe(false);
    await client.enableEnterpriseAttestation();
    expect((await ctap2.getInfo()).options?.ep).toBe(true);
    await client.enableLongTouchForReset();
    expect((await ctap2.getInfo()).longTouchForReset).toBe(true);
    await client.setMinPINLength({ newMinPINLength: 6, minPinLengthRPIDs: ['example.com'] });
    expect(await ctap2.getInfo()).toMatchObject({ minPINLength: 6, forcePINChange: false });
    await expect(client.setMinPINLength({ newMinPINLength: 5 })).rejects.toMatchObject({
      statusName: 'CTAP2_ERR_PIN_POLICY_VIOLATION',
    });
  });

  it.each([
    ['a minimum length that the PIN has not', (client: ConfigClient) => client.setMinPINLength({ newMinPINLength: 8 })],
    ['word', (client: ConfigClient) => client.forcePINChange()],
  ])('force a change of the PIN by a %s', async (_, force) => {
    await pin.setPin(PIN);
    await force(await config());
    expect((await ctap2.getInfo()).forcePINChange).toBe(true);
    await expect(config()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PIN_POLICY_VIOLATION' });
    await pin.changePin(PIN, '82640193');
    expect((await ctap2.getInfo()).forcePINChange).toBe(false);
  });

  it('need the permission once there is a PIN, and no token before', async () => {
    await new ConfigClient(ctap2).enableEnterpriseAttestation();
    expect((await ctap2.getInfo()).options?.ep).toBe(true);
    await pin.setPin(PIN);
    await expect(new ConfigClient(ctap2).toggleAlwaysUv()).rejects.toMatchObject({
      statusName: 'CTAP2_ERR_PUAT_REQUIRED',
    });
    const stranger = await config(Permission.credentialManagement);
    await expect(stranger.toggleAlwaysUv()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PIN_AUTH_INVALID' });
  });

  it('of the vendor reach the key as it has them', async () => {
    const [command] = (await ctap2.getInfo()).vendorPrototypeConfigCommands!;
    const client = new ConfigClient(ctap2);
    await client.enableEnterpriseAttestation();
    await client.vendorPrototype(command!, setEnterpriseRpIdsParams.encode({ rpIds: ['example.com'] }));
    await pin.setPin(PIN);
    const authorized = await config();
    await authorized.vendorPrototype(command!, setEnterpriseRpIdsParams.encode({ rpIds: [] }));
    const unknown = (await config()).vendorPrototype(command! + 1n);
    await expect(unknown).rejects.toMatchObject({ statusName: 'CTAP2_ERR_INVALID_SUBCOMMAND' });
  });

  it('are none on a key that has no such command', async () => {
    await open(findModel('ctap2.0'));
    await expect(new ConfigClient(ctap2).toggleAlwaysUv()).rejects.toThrow('this key has no settings');
  });
});
