/** U2F: signing in, and credentials that both protocols share. U2F Raw Message Formats 1.2 §5, CTAP 2.3 §7.2.4 and §10. */
import { concat } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Algorithm } from '../../../ctap/crypto.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { encodeU2fCommand, StatusWord, U2fControl, U2fInstruction } from '../../../ctap/u2f/raw-messages.ts';
import { ConfigClient } from '../../client/config.ts';
import { assertion, CLIENT_DATA_HASH, makeCredentialParameters, register } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual, expectStatus } from '../expect.ts';
import { U2F, U2F_HID } from './u2f.ts';
import {
  application,
  assertionOf,
  authenticateCommand,
  CHALLENGE,
  expectStatusWord,
  isU2fSigned,
  registerCommand,
  send,
  u2fAuthenticate,
  u2fRegister,
} from './u2f-steps.ts';

const AUTHENTICATE = 'U2F Raw Message Formats 1.2 §5';
const TOGETHER = 'CTAP 2.3 §10';
const BOTH = { u2f: true } as const;

/** A key handle that is not of this key and application. */
function foreign(
  name: string,
  statement: string,
  fault: string,
  control: number,
  change: (keyHandle: Uint8Array, application: Uint8Array) => { keyHandle?: Uint8Array; application?: Uint8Array },
): Check {
  return {
    id: `u2f.authenticate.${name}`,
    section: AUTHENTICATE,
    statement,
    needs: { ...U2F, touches: 1 },
    faults: [fault],
    async run(key) {
      const { keyHandle } = await u2fRegister(key);
      const changed = { keyHandle, application: application(key), ...change(keyHandle, application(key)) };
      const apdu = authenticateCommand(key, changed.keyHandle, { control, application: changed.application });
      expectStatusWord(await send(key, apdu), StatusWord.WRONG_DATA);
    },
  };
}

function flipped(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  changed[changed.length - 1]! ^= 1;
  return changed;
}

export const u2fAuthenticateChecks: CheckGroup = {
  name: 'U2F authentication',
  checks: [
    {
      id: 'u2f.authenticate.checkOnly',
      section: AUTHENTICATE,
      statement: 'The check of a good key handle is answered with 6985, without a touch.',
      needs: { ...U2F, touches: 1 },
      faults: ['u2f-check-only-succeeds'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        const answer = await send(key, authenticateCommand(key, keyHandle, { control: U2fControl.CHECK_ONLY }));
        expectStatusWord(answer, StatusWord.CONDITIONS_NOT_SATISFIED);
      },
    },
    foreign(
      'unknown',
      'A key handle that the key has never given is refused with 6A80.',
      'u2f-check-only-knows-all-handles',
      U2fControl.CHECK_ONLY,
      (keyHandle) => ({ keyHandle: new Uint8Array(keyHandle.length) }),
    ),
    foreign(
      'altered',
      'A key handle with one bit changed is refused with 6A80.',
      'u2f-ignores-end-of-handle',
      U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN,
      (keyHandle) => ({ keyHandle: flipped(keyHandle) }),
    ),
    foreign(
      'otherApplication',
      'A key handle of another application is refused with 6A80.',
      'u2f-ignores-application',
      U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN,
      (_, app) => ({ application: flipped(app) }),
    ),
    {
      id: 'u2f.authenticate.signature',
      section: AUTHENTICATE,
      statement: 'The registered key has signed application, user presence, counter and challenge.',
      needs: { ...U2F, touches: 2 },
      faults: ['u2f-authenticate-bad-signature'],
      async run(key) {
        const registration = await u2fRegister(key);
        const signedIn = await u2fAuthenticate(key, registration.keyHandle);
        expect(isU2fSigned(key, registration, signedIn), 'a good signature', signedIn.signature);
      },
    },
    {
      id: 'u2f.authenticate.userPresence',
      section: AUTHENTICATE,
      statement: 'After a touch the user presence byte is 1.',
      needs: { ...U2F, touches: 2 },
      faults: ['u2f-authenticate-without-touch'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        expectEqual((await u2fAuthenticate(key, keyHandle)).userPresence, 1, 'the user presence byte');
      },
    },
    {
      id: 'u2f.authenticate.presence',
      section: AUTHENTICATE,
      statement: 'U2F_AUTHENTICATE that enforces user presence is answered with 6985 until there is a touch.',
      needs: { ...U2F, touches: 1 },
      faults: ['u2f-authenticate-without-touch'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        key.user('absent');
        const answer = await send(key, authenticateCommand(key, keyHandle));
        expectStatusWord(answer, StatusWord.CONDITIONS_NOT_SATISFIED);
      },
    },
    {
      id: 'u2f.authenticate.dontEnforce',
      section: AUTHENTICATE,
      statement: 'Control byte 08 has the key sign without a touch, and say that there was none.',
      severity: 'warning',
      needs: { ...U2F, touches: 1 },
      faults: ['u2f-always-enforces-touch'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        key.user('absent');
        const control = U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN;
        const answer = await send(key, authenticateCommand(key, keyHandle, { control }));
        expectStatusWord(answer, StatusWord.NO_ERROR);
        expectEqual(assertionOf(answer).userPresence & 1, 0, 'the user presence bit');
      },
    },
    {
      id: 'u2f.authenticate.counter',
      section: AUTHENTICATE,
      statement: 'The counter grows from one authentication to the next.',
      needs: { ...U2F, touches: 3 },
      faults: ['u2f-counter-stands-still'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        const [first, second] = [await u2fAuthenticate(key, keyHandle), await u2fAuthenticate(key, keyHandle)];
        expect(second.counter > first.counter, `a counter over ${first.counter}`, second.counter);
      },
    },
    {
      id: 'u2f.authenticate.control',
      section: AUTHENTICATE,
      statement: 'A control byte that U2F does not have is refused.',
      needs: { ...U2F, touches: 1 },
      faults: ['u2f-takes-any-control-byte'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        const answer = await send(key, authenticateCommand(key, keyHandle, { control: 0x55 }));
        expect(answer.statusWord !== StatusWord.NO_ERROR, 'a refusal', '9000');
      },
    },
    {
      id: 'u2f.authenticate.handleLength',
      section: AUTHENTICATE,
      statement: 'U2F_AUTHENTICATE with a key handle shorter than its length says is refused.',
      needs: U2F,
      faults: ['u2f-reads-beyond-handle'],
      async run(key) {
        const data = concat(CHALLENGE, application(key), Uint8Array.of(64), new Uint8Array(10));
        const answer = await send(key, encodeU2fCommand(U2fInstruction.AUTHENTICATE, U2fControl.CHECK_ONLY, data));
        expectStatusWord(answer, StatusWord.WRONG_LENGTH, StatusWord.WRONG_DATA);
      },
    },
    {
      id: 'u2f.authenticate.short',
      section: 'U2F Raw Message Formats 1.2 §3.1',
      statement: 'U2F_AUTHENTICATE in the short encoding of lengths is answered.',
      severity: 'warning',
      needs: { ...U2F_HID, touches: 2 },
      faults: ['u2f-authenticate-refuses-short-encoding'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        const data = concat(CHALLENGE, application(key), Uint8Array.of(keyHandle.length), keyHandle);
        const header = Uint8Array.of(0, U2fInstruction.AUTHENTICATE, 3, 0, data.length);
        await u2fAuthenticate(key, keyHandle, concat(header, data, Uint8Array.of(0)));
      },
    },
    {
      id: 'u2f.alwaysUv.register',
      section: 'CTAP 2.3 §7.2.4',
      statement: 'While alwaysUv is on and no finger is enrolled, U2F_REGISTER is refused.',
      needs: { ...BOTH, options: ['alwaysUv', 'authnrCfg'], pin: true, spoils: true },
      faults: ['u2f-despite-always-uv'],
      async run(key) {
        const token = await key.token(Permission.authenticatorConfiguration);
        if ((await key.info()).options?.alwaysUv !== true) await new ConfigClient(key.ctap2, token).toggleAlwaysUv();
        const answer = await send(key, registerCommand(key));
        expect(answer.statusWord !== StatusWord.NO_ERROR, 'a refusal', '9000');
      },
    },
    {
      id: 'u2f.together.getAssertion',
      section: TOGETHER,
      statement: 'A credential that U2F has registered signs in by getAssertion.',
      needs: { ...BOTH, touches: 2 },
      faults: ['get-assertion-bad-es256-signature', 'get-assertion-forgets-u2f-credentials'],
      async run(key) {
        const { keyHandle, publicKey } = await u2fRegister(key);
        const { response, authData } = await assertion(key, { allowList: [{ type: 'public-key', id: keyHandle }] });
        const signed = concat(response.authData, CLIENT_DATA_HASH);
        const good = key.bench.crypto.verify(Algorithm.ES256, publicKey, signed, response.signature);
        expect(good && authData.rpIdHash.length > 0, 'a good signature', response.signature);
      },
    },
    {
      id: 'u2f.together.excludeList',
      section: TOGETHER,
      statement: 'A credential that U2F has registered excludes another one in makeCredential.',
      needs: { ...BOTH, touches: 2 },
      faults: ['make-credential-ignores-exclude-list', 'make-credential-forgets-u2f-credentials'],
      async run(key) {
        const { keyHandle } = await u2fRegister(key);
        const excludeList = [{ type: 'public-key', id: keyHandle }];
        const parameters = await makeCredentialParameters(key, { excludeList });
        expectStatus(
          await key.request(Command.authenticatorMakeCredential, parameters),
          'CTAP2_ERR_CREDENTIAL_EXCLUDED',
        );
      },
    },
    {
      id: 'u2f.together.authenticate',
      section: TOGETHER,
      statement: 'U2F knows a credential that makeCredential has made with ES256.',
      severity: 'warning',
      needs: { ...BOTH, touches: 1 },
      faults: ['u2f-knows-no-ctap2-credentials'],
      async run(key) {
        const { credentialId } = await register(key);
        const answer = await send(key, authenticateCommand(key, credentialId, { control: U2fControl.CHECK_ONLY }));
        expectStatusWord(answer, StatusWord.CONDITIONS_NOT_SATISFIED);
      },
    },
    {
      id: 'u2f.together.credProtect',
      section: 'CTAP 2.3 §12.1',
      statement: 'U2F does not know a credential that requires user verification.',
      needs: { ...BOTH, extensions: ['credProtect'], touches: 1 },
      faults: ['u2f-ignores-cred-protect'],
      async run(key) {
        const { credentialId } = await register(key, { extensions: { credProtect: 3 } });
        const answer = await send(key, authenticateCommand(key, credentialId, { control: U2fControl.CHECK_ONLY }));
        expectStatusWord(answer, StatusWord.WRONG_DATA);
      },
    },
  ],
};
