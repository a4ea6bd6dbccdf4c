import { X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { u2fAttestationBytes } from '../../../ctap/attestation.ts';
import { decodeAuthenticatorData } from '../../../ctap/authenticator-data.ts';
import { concat, fromUtf8, utf8 } from '../../../ctap/bytes.ts';
import {
  decodeU2fAuthenticateResponse,
  decodeU2fRegisterResponse,
  encodeU2fAuthenticateRequest,
  encodeU2fCommand,
  StatusWord,
  splitU2fResponse,
  U2fControl,
  U2fInstruction,
  u2fAuthenticationBytes,
} from '../../../ctap/u2f/raw-messages.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { denyPresence, ManualPresence } from '../../../emulator/presence.ts';
import { Platform } from '../authenticator/platform.ts';

const challenge = nodeCrypto.sha256(utf8('client data'));
const application = nodeCrypto.sha256(utf8('https://example.com'));
let platform: Platform;
beforeEach(async () => {
  platform = await Platform.open();
});

async function send(apdu: Uint8Array) {
  return splitU2fResponse(await platform.key.msg(apdu, { signal: new AbortController().signal, keepalive: () => {} }));
}

async function register() {
  const { data, statusWord } = await send(encodeU2fCommand(U2fInstruction.REGISTER, 3, concat(challenge, application)));
  expect(statusWord).toBe(StatusWord.NO_ERROR);
  return decodeU2fRegisterResponse(data);
}

function authenticate(
  keyHandle: Uint8Array,
  control: number = U2fControl.ENFORCE_USER_PRESENCE_AND_SIGN,
  app = application,
) {
  const request = encodeU2fAuthenticateRequest({ challenge, application: app, keyHandle });
  return send(encodeU2fCommand(U2fInstruction.AUTHENTICATE, control, request));
}

describe('U2F', () => {
  it('tells its version, in short and in extended APDUs', async () => {
    for (const apdu of [
      encodeU2fCommand(U2fInstruction.VERSION, 0, new Uint8Array(0)),
      Uint8Array.of(0, 3, 0, 0),
      Uint8Array.of(0, 3, 0, 0, 0),
    ]) {
      const { data, statusWord } = await send(apdu);
      expect([fromUtf8(data), statusWord]).toEqual(['U2F_V2', StatusWord.NO_ERROR]);
    }
  });

  it('registers with an attestation that verifies, then signs', async () => {
    const { publicKey, keyHandle, certificate, signature } = await register();
    const attested = u2fAttestationBytes(application, challenge, keyHandle, publicKey);
    const leaf = new X509Certificate(certificate);
    expect(leaf.verify(new X509Certificate(platform.key.attestationRoot).publicKey)).toBe(true);
    const { x, y } = leaf.publicKey.export({ format: 'jwk' });
    const attestationKey = concat(Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url'));
    expect(nodeCrypto.verify(-7, attestationKey, attested, signature)).toBe(true);
    const { data } = await authenticate(keyHandle);
    const response = decodeU2fAuthenticateResponse(data);
    const signed = u2fAuthenticationBytes(application, 1, response.counter, challenge);
    expect(response.userPresence).toBe(1);
    expect(nodeCrypto.verify(-7, publicKey, signed, response.signature)).toBe(true);
    expect(decodeU2fAuthenticateResponse((await authenticate(keyHandle)).data).counter).toBe(response.counter + 1);
  });

  it('checks a key handle without a touch, and signs without one where that is asked', async () => {
    const { keyHandle } = await register();
    expect((await authenticate(keyHandle, U2fControl.CHECK_ONLY)).statusWord).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
    const silent = await authenticate(keyHandle, U2fControl.DONT_ENFORCE_USER_PRESENCE_AND_SIGN);
    expect(decodeU2fAuthenticateResponse(silent.data).userPresence).toBe(0);
    const other = nodeCrypto.sha256(utf8('https://other.example'));
    for (const control of [3, 7, 8]) {
      expect((await authenticate(keyHandle, control, other)).statusWord).toBe(StatusWord.WRONG_DATA);
    }
    expect((await authenticate(keyHandle, 5)).statusWord).toBe(StatusWord.WRONG_DATA);
  });

  it('answers 6985 until it is touched, then signs once for that touch', async () => {
    let presence: ManualPresence | undefined;
    platform = await Platform.open({
      presence: (clock) => {
        presence = new ManualPresence(clock);
        return presence;
      },
    });
    const poll = () => send(encodeU2fCommand(U2fInstruction.REGISTER, 3, concat(challenge, application)));
    expect((await poll()).statusWord).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
    expect((await poll()).statusWord).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
    expect(presence!.pending).toHaveLength(1);
    presence!.touch();
    await new Promise(setImmediate);
    expect((await poll()).statusWord).toBe(StatusWord.NO_ERROR);
    expect((await poll()).statusWord).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
    platform.clock.advance(3_000);
    await new Promise(setImmediate);
    expect(presence!.pending).toHaveLength(0);
    expect(platform.defects).toEqual([]);
  });

  it('keeps answering 6985 where the user declines', async () => {
    platform = await Platform.open({ presence: denyPresence });
    const { statusWord } = await send(encodeU2fCommand(U2fInstruction.REGISTER, 3, concat(challenge, application)));
    expect(statusWord).toBe(StatusWord.CONDITIONS_NOT_SATISFIED);
  });

  it('shares its credentials with CTAP2, but for those that require user verification', async () => {
    const { keyHandle } = await register();
    const rpIdHashIs = nodeCrypto.sha256(utf8('example.com'));
    const credential = async (extensions: Record<string, number>) => {
      const { authData } = await platform.makeCredential({ extensions });
      return decodeAuthenticatorData(authData).attestedCredentialData!.credentialId;
    };
    const plain = await authenticate(await credential({}), 7, rpIdHashIs);
    const strict = await authenticate(await credential({ credProtect: 3 }), 7, rpIdHashIs);
    expect([plain.statusWord, strict.statusWord]).toEqual([StatusWord.CONDITIONS_NOT_SATISFIED, StatusWord.WRONG_DATA]);
    expect(keyHandle.length).toBeLessThanOrEqual(platform.key.model.maxCredentialIdLength);
  });

  it.each([
    ['another class', [0x80, 3, 0, 0], StatusWord.CLA_NOT_SUPPORTED],
    ['an unknown instruction', [0, 9, 0, 0], StatusWord.INS_NOT_SUPPORTED],
    ['an APDU without header', [0, 3], StatusWord.WRONG_LENGTH],
    ['a register request of another length', [0, 1, 3, 0, 0, 0, 2, 1, 2], StatusWord.WRONG_LENGTH],
    ['an Lc that does not fit', [0, 1, 3, 0, 0, 0, 64, 1], StatusWord.WRONG_LENGTH],
    ['a version request with data', [0, 3, 0, 0, 1, 9], StatusWord.WRONG_LENGTH],
    ['an authenticate request without key handle', [0, 2, 3, 0, 0, 0, 1, 9], StatusWord.WRONG_LENGTH],
  ])('answers %s by its status word', async (_, apdu, statusWord) => {
    expect((await send(Uint8Array.from(apdu))).statusWord).toBe(statusWord);
    expect(platform.defects).toEqual([]);
  });
});
