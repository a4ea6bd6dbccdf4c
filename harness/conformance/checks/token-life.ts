/** How long a pinUvAuthToken lives, and what ends it: CTAP 2.3 §6.5.2.1, §6.5.3, §6.5.5.6, §6.11.4. */
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { CtapError, Status } from '../../../ctap/status.ts';
import { ConfigClient } from '../../client/config.ts';
import type { PinUvAuthToken } from '../../client/pin-uv-auth-token.ts';
import { CLIENT_DATA_HASH, makeCredentialParameters, paramsOf, RP_ID } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectOk, expectStatus } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { changePinParameters, NEW_PIN } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { MC_GA, PIN_AUTH_INVALID, SILENTLY_TAKEN, send, silently } from '../token-ceremony.ts';
import { tokenCommands, unlessMcGaByPin } from '../token-commands.ts';
import { untouched } from '../touch.ts';

const TOKEN: Needs = { pin: true, options: ['pinUvAuthToken'], unless: unlessMcGaByPin };
/** Default maximum values, in milliseconds. */
const INITIAL_USAGE_TIME_LIMIT = 30_000;
const INITIAL_USAGE_TIME_LIMIT_NFC = 19_800;
const MAX_USAGE_TIME_PERIOD = 600_000;
/** So often a token is used that is to live on: within the initial usage time limit, which may roll. */
const USE = 19_000;
/** What a key's clock may be wrong by, in milliseconds. */
const MARGIN = 1000;

const signIn = (key: Subject) => key.token(Permission.getAssertion, RP_ID);

/** Whether a finger that is enrolled gives one, another check judges. */
async function tokenByFinger(key: Subject): Promise<PinUvAuthToken> {
  key.bench.finger('enrolled');
  try {
    return await key.pin.getPinUvAuthTokenUsingUv({ permissions: MC_GA, rpId: RP_ID });
  } catch (error) {
    if (error instanceof CtapError) throw new NotApplicable(`the finger gave no token: ${error.message}`);
    throw error;
  }
}

/** A token that is not used at all for so long is not taken. */
function unused(id: string, fault: string, limit: number, more: Needs): Check {
  const waits = limit + MARGIN;
  return {
    id,
    section: 'CTAP 2.3 §6.5.2.1',
    statement: `A token that was not used in its first ${limit / 1000} seconds is void.`,
    needs: { ...TOKEN, ...more, seconds: Math.ceil(waits / 1000) },
    faults: [fault],
    async run(key) {
      const token = await signIn(key);
      await key.wait(waits);
      expectStatus(await silently(key, token), PIN_AUTH_INVALID);
    },
  };
}

const timers: readonly Check[] = [
  unused('token.unused', 'token-lives-unused', INITIAL_USAGE_TIME_LIMIT, {}),
  unused('token.unused.nfc', 'token-lives-unused-over-nfc', INITIAL_USAGE_TIME_LIMIT_NFC, {
    carrier: 'card',
    unless: (info) => {
      const { transports = [] } = info;
      if (!transports.includes('nfc')) return 'transports has no nfc';
      return transports.includes('smart-card') ? 'the reader may be one with contacts' : unlessMcGaByPin(info);
    },
  }),
  {
    id: 'token.old',
    section: 'CTAP 2.3 §6.5.2.1',
    statement: 'After ten minutes a token is void, however often it is used.',
    severity: 'warning',
    needs: { ...TOKEN, seconds: MAX_USAGE_TIME_PERIOD / 1000 },
    faults: ['token-never-grows-old'],
    async run(key) {
      const token = await signIn(key);
      let answer = await silently(key, token);
      for (let age = 0; age <= MAX_USAGE_TIME_PERIOD; age += USE) {
        if (answer.status === Status.CTAP2_ERR_PIN_AUTH_INVALID) return; // a key may end it sooner
        await key.wait(USE);
        answer = await silently(key, token);
      }
      expectStatus(answer, PIN_AUTH_INVALID);
    },
  },
  {
    id: 'uv.token.presence.late',
    section: 'CTAP 2.3 §6.5.2.1, §6.1.2',
    statement: 'Half a minute after a finger gave the token the key asks for a touch again.',
    needs: {
      carrier: 'hid',
      finger: true,
      options: ['pinUvAuthToken', 'bioEnroll'],
      touches: 1,
      seconds: (INITIAL_USAGE_TIME_LIMIT + MARGIN) / 1000,
    },
    faults: ['user-present-for-ever-after-a-finger'],
    async run(key) {
      const token = await tokenByFinger(key);
      for (let uses = 0; uses < 2; uses++) {
        await silently(key, token);
        await key.wait((INITIAL_USAGE_TIME_LIMIT + MARGIN) / 2);
      }
      const request = await makeCredentialParameters(key, paramsOf(token, CLIENT_DATA_HASH));
      const { asked, answer } = await untouched(key, Command.authenticatorMakeCredential, request);
      const isVoid = answer.status === Status.CTAP2_ERR_PIN_AUTH_INVALID;
      expect(asked || isVoid, 'a keepalive that asks for a touch');
    },
  },
];

const endings: readonly Check[] = [
  {
    id: 'token.powerCycle',
    section: 'CTAP 2.3 §6.5.5.1',
    statement: 'A token of before a power cycle is void.',
    needs: TOKEN,
    faults: ['token-survives-power-cycle'],
    async run(key) {
      const token = await signIn(key);
      await key.replug();
      expectStatus(await silently(key, token), PIN_AUTH_INVALID);
    },
  },
  {
    id: 'token.otherProtocol',
    section: 'CTAP 2.3 §6.5.5.7.2',
    statement: 'A token by one PIN/UV auth protocol is void once one by the other has been given.',
    needs: { ...TOKEN, protocols: [1, 2] },
    faults: ['token-outlives-one-of-the-other-protocol'],
    async run(key) {
      const request = { pin: key.bench.pin, permissions: Permission.getAssertion, rpId: RP_ID };
      const old = await key.pinBy(1).getPinUvAuthToken(request);
      await key.pinBy(2).getPinUvAuthToken(request);
      expectStatus(await silently(key, old), PIN_AUTH_INVALID);
    },
  },
  {
    id: 'token.changePIN',
    section: 'CTAP 2.3 §6.5.5.6',
    statement: 'changePIN makes the tokens void that the old PIN gave.',
    needs: { ...TOKEN, spoils: true },
    faults: ['change-pin-leaves-token'],
    async run(key) {
      const token = await signIn(key);
      expectOk(await key.request(Command.authenticatorClientPIN, await changePinParameters(key, NEW_PIN)));
      expectStatus(await silently(key, token), PIN_AUTH_INVALID);
    },
  },
  {
    id: 'token.forceChangePin',
    section: 'CTAP 2.3 §6.11.4',
    statement: 'A PIN that has to be changed leaves no token: even that by which this was asked for is void.',
    severity: 'warning',
    needs: { pin: true, options: ['pinUvAuthToken', 'authnrCfg', 'setMinPINLength'], spoils: true },
    faults: ['force-change-pin-leaves-token'],
    async run(key) {
      const token = await key.token(Permission.authenticatorConfiguration);
      await new ConfigClient(key.ctap2, token).forcePINChange();
      const config = tokenCommands.find(({ name }) => name === 'authenticatorConfiguration')!;
      expectStatus(await send(key, config, token), PIN_AUTH_INVALID);
    },
  },
  {
    id: 'token.silent',
    section: 'CTAP 2.3 §6.2.2',
    statement: 'An assertion without user presence leaves the token as good as it was.',
    needs: TOKEN,
    faults: ['silent-assertion-spends-token'],
    async run(key) {
      const token = await signIn(key);
      await silently(key, token);
      expectStatus(await silently(key, token), ...SILENTLY_TAKEN);
    },
  },
  {
    id: 'token.byPin.touch',
    section: 'CTAP 2.3 §6.5.5.7.2, §6.1.2',
    statement: 'A token by PIN is no sign of the user being there: makeCredential asks for a touch.',
    needs: { ...TOKEN, carrier: 'hid' },
    faults: ['user-present-after-a-pin'],
    async run(key) {
      const request = await makeCredentialParameters(key);
      const { asked } = await untouched(key, Command.authenticatorMakeCredential, request);
      expect(asked, 'a keepalive that asks for a touch');
    },
  },
];

export const tokenLifeChecks: CheckGroup = { name: 'pinUvAuthToken life', checks: [...timers, ...endings] };
