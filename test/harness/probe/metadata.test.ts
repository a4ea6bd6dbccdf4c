/** What a BLOB says of a key: whom to believe, what is so, and what is known against it. */
import 'reflect-metadata'; // @peculiar/x509 wants it loaded before
import { webcrypto, X509Certificate } from 'node:crypto';
import { X509CrlGenerator } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { AttestationAuthority } from '../../../emulator/attestation/authority.ts';
import { type PublishedMetadata, publishMetadata } from '../../../emulator/attestation/metadata-blob.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { nodeCrypto } from '../../../emulator/crypto-node.ts';
import { VirtualKey } from '../../../emulator/key.ts';
import { findModel, models } from '../../../emulator/models/index.ts';
import { autoPresence } from '../../../emulator/presence.ts';
import { systemRandom } from '../../../emulator/random.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { explainInfo, infoToJSON } from '../../../harness/cli/explain-info.ts';
import { CtapHidDevice } from '../../../harness/client/ctap-hid.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { Token2HidCard } from '../../../harness/client/token2-hid.ts';
import { openBlob } from '../../../harness/probe/metadata-blob.ts';
import { probe } from '../../../harness/probe/probe.ts';
import { probePage } from '../../../harness/probe/probe-page.ts';
import type { ProbeResult } from '../../../harness/probe/probe-result.ts';
import { weaknessesOf } from '../../../harness/probe/weaknesses.ts';
import { connectInProcess } from '../../../harness/transports/in-process.ts';

let authority: AttestationAuthority;
let published: PublishedMetadata;
beforeAll(async () => {
  const random = systemRandom;
  authority = await AttestationAuthority.open({ random, crypto: nodeCrypto, store: memoryStore() });
  published = await publishMetadata(authority, models.values(), Date.now());
});

interface Wanted {
  readonly blob?: string;
  readonly faults?: readonly string[];
  readonly pin?: string;
}

/** Probes a fresh key of the model, with the BLOB of its authority. */
async function probed(model: string, { blob, faults = [], pin }: Wanted = {}): Promise<ProbeResult> {
  const environment = {
    clock: systemClock,
    random: systemRandom,
    crypto: nodeCrypto,
    store: memoryStore(),
    presence: autoPresence,
  };
  const key = await VirtualKey.open({ environment, model: findModel(model), authority });
  const device = await CtapHidDevice.open(connectInProcess(key));
  const ctap2 = new Ctap2Client(device);
  const client = new PinClient(ctap2);
  if (pin !== undefined) await client.setPin(pin);
  for (const fault of faults) await key.faults.turnOn(fault);
  try {
    return await probe(
      {
        name: `virtual:${model}`,
        device,
        ctap2,
        pin: client,
        carrier: 'hid',
        otpApplet: async () => {
          const card = new Token2HidCard(connectInProcess(key), { silence: 200 });
          return { card, selects: false, close: () => card.close() };
        },
      },
      {
        program: 'ctaplab test',
        pin,
        touches: 1,
        onTouch: () => {},
        onStep: () => {},
        metadata: { blob: blob ?? published.blob, root: published.metadataRoot, crls: [] },
        explain: explainInfo,
        toJson: infoToJSON,
        now: Date.now(),
      },
    );
  } finally {
    await device.close();
    await key.close();
  }
}

const wrong = ({ metadata }: ProbeResult) =>
  metadata?.claims.filter(({ holds }) => holds === false).map(({ claim }) => claim);

describe('the statement of a model', () => {
  const ctap2 = [...models.values()].filter(({ name }) => name !== 'u2f-only').map(({ name }) => name);
  // of models with one AAGUID the BLOB has the newest release, which older keys are not
  const described = ctap2.filter((name) => !['token2-r2-pin-plus'].includes(name));

  it.each(described)('holds for a key of it: %s', async (name) => {
    const result = await probed(name);
    expect(result.metadata).toMatchObject({ trusted: true, weaknesses: [] });
    const seen = result.metadata?.claims.filter(({ holds }) => holds === true).length;
    if (result.metadata?.description !== null) expect(seen).toBeGreaterThan(10);
    const newest = published.statements.filter(({ aaguid }) => aaguid === result.identity.aaguid).length === 1;
    if (newest) expect(wrong(result)).toEqual([]);
  });

  it.each([['get-info-small-max-msg-size', 'authenticatorGetInfo.maxMsgSize']])(
    'does not hold for a key that is %s',
    async (fault, claim) => {
      expect(wrong(await probed('token2-r3', { faults: [fault] }))).toContain(claim);
    },
  );

  it('does not hold for a key that another authority has certified', async () => {
    const other = await AttestationAuthority.open({ random: systemRandom, crypto: nodeCrypto, store: memoryStore() });
    const { attestationRoot } = await publishMetadata(other, [findModel('token2-r3')], Date.now());
    expect(attestationRoot).not.toBe(published.attestationRoot);
    const mixed = await publishMetadata(other, [findModel('token2-r3')], Date.now());
    const swap = { ...published };
    published = mixed;
    try {
      expect(wrong(await probed('token2-r3'))).toEqual(['attestationRootCertificates']);
    } finally {
      published = swap;
    }
  });

  it('is told of a key of U2F alone, whose model nothing tells', async () => {
    const result = await probed('u2f-only');
    expect(result).toMatchObject({ info: null, identity: { versions: ['U2F_V2'] } });
    expect(result.metadata?.problems.at(-1)).toBe('The BLOB has no entry for this key.');
  });
});

describe('a key', () => {
  it('takes what it says, and no more', async () => {
    const { limits } = await probed('token2-r3', { pin: 'owner-1234' });
    const limit = (what: string) => limits.find((one) => one.what === what);
    expect(limit('bytes of a CTAP2 request')).toMatchObject({ claimed: 2048, found: 2048, refusedBeyond: true });
    expect(limit('credential ids in a list')).toMatchObject({ claimed: 8, found: 8, refusedBeyond: true });
    expect(limit('bytes of a CTAPHID message')).toMatchObject({ found: 7609 });
    expect(limit('passkeys that may still be made')).toMatchObject({ claimed: 300, found: 300 });
  });

  it('is described on a page, with its Token2 serial number', async () => {
    const result = await probed('token2-r3');
    expect(result.identity.token2).toMatchObject({ serialNumber: expect.stringMatching(/^76104\d+$/) });
    const text = await probePage(result);
    expect(text).toContain(result.identity.token2!.serialNumber);
    expect(text).toContain('keeps discoverable credentials');
    expect(result.timings.find(({ what }) => what.startsWith('makeCredential'))?.milliseconds).toBeGreaterThan(0);
  });
});

describe('a BLOB', () => {
  const tampered = () => {
    const [header, payload, signature] = published.blob.split('.');
    const content = JSON.parse(Buffer.from(payload!, 'base64url').toString('utf8'));
    content.entries[0].statusReports = [{ status: 'FIDO_CERTIFIED_L3' }];
    return [header, Buffer.from(JSON.stringify(content)).toString('base64url'), signature].join('.');
  };

  it('that somebody has changed is not believed in anything', async () => {
    const { metadata } = await probed('token2-r3', { blob: tampered() });
    expect(metadata).toMatchObject({ trusted: false, claims: [], statusReports: [], description: null });
    expect(metadata?.problems).toEqual([expect.stringMatching(/not to be trusted: signature verification failed/)]);
  });

  const sources = (more: Partial<Parameters<typeof openBlob>[0]> = {}) => ({
    blob: published.blob,
    root: published.metadataRoot,
    crls: [],
    ...more,
  });

  it.each([
    ['another root', () => sources({ root: published.attestationRoot }), 0, /not under the given root/],
    ['something else', () => sources({ blob: 'not a blob' }), 0, /expected a JWS in compact form/],
    ['a signer that is not valid any more', () => sources(), 200 * 365 * 86_400_000, /not valid now/],
    [
      'a list that is none',
      () => sources({ crls: [Buffer.from('no list')] }),
      0,
      /expected a certificate revocation list/,
    ],
  ])('is refused with %s', async (_, given, later, message) => {
    await expect(openBlob(given(), Date.now() + later)).rejects.toThrow(message);
  });

  it('says when a newer one was due', async () => {
    const { remarks } = await openBlob(sources(), Date.now() + 40 * 86_400_000);
    expect(remarks.at(-1)).toMatch(/^A newer BLOB was due on \d{4}-\d\d-\d\d\.$/);
  });

  describe('with a revocation list', () => {
    const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

    /** A list by whoever has that key, in the name of the metadata root. */
    async function list(signingKey: CryptoKey, serials: readonly string[]): Promise<Uint8Array> {
      const crl = await X509CrlGenerator.create(
        {
          issuer: new X509Certificate(published.metadataRoot).subject.split('\n').join(', '),
          thisUpdate: new Date(Date.now() - 1000),
          nextUpdate: new Date(Date.now() + 86_400_000),
          signingAlgorithm: ALGORITHM,
          signingKey,
          entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date('2026-01-02') })),
        },
        webcrypto as Crypto,
      );
      return new Uint8Array(crl.rawData);
    }

    it('counts only lists that its issuer has signed', async () => {
      const { privateKey } = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
      const [header] = published.blob.split('.');
      const { x5c } = JSON.parse(Buffer.from(header!, 'base64url').toString('utf8')) as { x5c: string[] };
      const { serialNumber } = new X509Certificate(Buffer.from(x5c[0]!, 'base64'));
      const { remarks } = await openBlob(sources({ crls: [await list(privateKey, [serialNumber])] }), Date.now());
      expect(remarks[0]).toMatch(/No CRL was given for the issuer of .*metadata signer/);
    });
  });
});

it('tells what status reports have against a key', () => {
  const date = '2025-06-01';
  expect(
    weaknessesOf(
      [
        { status: 'FIDO_CERTIFIED_L1', effectiveDate: date },
        { status: 'UPDATE_AVAILABLE', effectiveDate: date, authenticatorVersion: 5 },
        { status: 'UPDATE_AVAILABLE', authenticatorVersion: 4 },
        { status: 'USER_KEY_PHYSICAL_COMPROMISE', effectiveDate: date, url: 'https://vendor.example/advisory' },
        { status: 'REVOKED' },
      ],
      4,
    ),
  ).toEqual([
    'UPDATE_AVAILABLE since 2025-06-01: there is firmware 5, which may mend a weakness',
    'USER_KEY_PHYSICAL_COMPROMISE since 2025-06-01: its users’ keys can be taken by whoever has it in the hand (https://vendor.example/advisory)',
    'REVOKED: its vendor or FIDO has revoked it',
  ]);
});
