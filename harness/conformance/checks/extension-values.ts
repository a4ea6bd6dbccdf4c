/** Extensions that give something back: credBlob, largeBlobKey, minPinLength, pinComplexityPolicy, thirdPartyPayment, uvm. */
import { Command } from '../../../ctap/commands/index.ts';
import { CRED_BLOB } from '../../../ctap/extensions/cred-blob.ts';
import { LARGE_BLOB_KEY } from '../../../ctap/extensions/large-blob-key.ts';
import { MIN_PIN_LENGTH } from '../../../ctap/extensions/min-pin-length.ts';
import { PIN_COMPLEXITY_POLICY } from '../../../ctap/extensions/pin-complexity-policy.ts';
import { THIRD_PARTY_PAYMENT } from '../../../ctap/extensions/third-party-payment.ts';
import { UVM } from '../../../ctap/extensions/uvm.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { ConfigClient } from '../../client/config.ts';
import { assertion, descriptor, makeCredentialParameters, RP_ID, register } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { ONE_USER, registerPasskey } from '../passkeys.ts';
import type { Subject } from '../subject.ts';
import { type Refusal, refusal } from './refusals.ts';

const BLOB = 'CTAP 2.3 §12.2';
const LARGE = 'CTAP 2.3 §12.3';
const BLOB_LENGTH = 32;
/** In code points: what no policy lessens (§6.5.1). */
const SHORTEST_PIN = 4;
/** Policies that setMinPINLength lets RP IDs learn. */
const POLICIES = [
  { name: MIN_PIN_LENGTH, id: 'minPinLength', fault: 'min-pin-length', section: 'CTAP 2.3 §12.5' },
  { name: PIN_COMPLEXITY_POLICY, id: 'pinComplexityPolicy', fault: 'pin-complexity-policy', section: 'CTAP 2.3 §12.6' },
] as const;

const blobNeeds: Needs = { extensions: [CRED_BLOB], touches: 2, discoverable: true };
const largeNeeds: Needs = { extensions: [LARGE_BLOB_KEY], touches: 2, discoverable: true };

const blob = new Uint8Array(BLOB_LENGTH).fill(0xb1);

function policyChecks({ name, id, fault, section }: (typeof POLICIES)[number]): Check[] {
  return [
    {
      id: `${id}.unlisted`,
      section,
      statement: `An RP ID that nobody has listed does not learn ${name}.`,
      needs: { extensions: [name], touches: 1 },
      faults: [`${fault}-for-all`],
      async run(key) {
        const { authData } = await register(key, { extensions: { [name]: true } });
        expect(authData.extensions?.get(name) === undefined, `no output of ${name}`);
      },
    },
    {
      id: `${id}.listed`,
      section,
      statement: `An RP ID that setMinPINLength has listed learns ${name} as getInfo says it.`,
      needs: { extensions: [name], options: ['setMinPINLength'], pin: true, touches: 1, spoils: true },
      faults: name === MIN_PIN_LENGTH ? [`${fault}-wrong`, 'config-forgets-listed-rp-ids'] : [`${fault}-wrong`],
      async run(key) {
        const token = await key.token(Permission.authenticatorConfiguration);
        await new ConfigClient(key.ctap2, token).setMinPINLength({ minPinLengthRPIDs: [RP_ID] });
        const { authData } = await register(key, { extensions: { [name]: true } });
        const info = await key.ctap2.getInfo();
        const wanted = name === MIN_PIN_LENGTH ? info.minPINLength : info.pinComplexityPolicy;
        if (typeof wanted === 'number' && wanted < SHORTEST_PIN) return;
        // what getInfo does not say rightly is judged there
        if (wanted !== undefined) expectEqual(authData.extensions?.get(name), wanted, `the output of ${name}`);
      },
    },
  ];
}

function payment(id: string, statement: string, fault: string, asked: boolean): Check {
  return {
    id: `thirdPartyPayment.${id}`,
    section: 'CTAP 2.3 §12.9',
    statement,
    needs: { extensions: [THIRD_PARTY_PAYMENT], touches: 2 },
    faults: [fault],
    async run(key) {
      const made = await register(key, asked ? { extensions: { [THIRD_PARTY_PAYMENT]: true } } : {});
      const extensions = { [THIRD_PARTY_PAYMENT]: true };
      const { authData } = await assertion(key, { allowList: [descriptor(made)], extensions });
      const output = authData.extensions?.get(THIRD_PARTY_PAYMENT) ?? false;
      expectEqual(output, asked, 'the output of thirdPartyPayment');
    },
  };
}

function largeRefused(rest: Pick<Refusal, 'id' | 'statement' | 'parameters'> & { fault: string }): Check {
  const { fault, ...given } = rest;
  return refusal(Command.authenticatorMakeCredential, {
    section: LARGE,
    needs: { extensions: [LARGE_BLOB_KEY] },
    faults: [fault],
    statuses: ['CTAP2_ERR_INVALID_OPTION'],
    ...given,
  });
}

async function blobOf(key: Subject, given: Parameters<typeof registerPasskey>[1]): Promise<unknown> {
  const made = await registerPasskey(key, given);
  const extensions = { [CRED_BLOB]: true };
  const { authData } = await assertion(key, { rpId: ONE_USER, allowList: [descriptor(made)], extensions });
  return authData.extensions?.get(CRED_BLOB);
}

export const extensionValueChecks: CheckGroup = {
  name: 'Extensions that give something back',
  checks: [
    {
      id: 'credBlob.stored',
      section: BLOB,
      statement: `A blob of ${BLOB_LENGTH} bytes is stored, and the output says so.`,
      needs: { ...blobNeeds, touches: 1 },
      faults: ['cred-blob-denies-that-it-is-stored'],
      async run(key) {
        const { authData } = await registerPasskey(key, { extensions: { [CRED_BLOB]: blob } });
        expectEqual(authData.extensions?.get(CRED_BLOB), true, 'the output of credBlob');
      },
    },
    {
      id: 'credBlob.returned',
      section: BLOB,
      statement: 'An assertion gives the blob back.',
      needs: blobNeeds,
      faults: ['cred-blob-gives-other-bytes'],
      run: async (key) => expectEqual(await blobOf(key, { extensions: { [CRED_BLOB]: blob } }), blob, 'the blob'),
    },
    {
      id: 'credBlob.none',
      section: BLOB,
      statement: 'A credential without a blob gives none.',
      needs: blobNeeds,
      faults: ['cred-blob-made-up'],
      async run(key) {
        const output = await blobOf(key, {});
        expectEqual(output instanceof Uint8Array ? output.length : 0, 0, 'the length of the blob');
      },
    },
    {
      id: 'credBlob.tooLong',
      section: BLOB,
      statement: 'A blob of more than maxCredBlobLength bytes is not stored, and the output says so.',
      needs: { ...blobNeeds, touches: 1 },
      faults: ['cred-blob-claims-too-long'],
      async run(key) {
        const { maxCredBlobLength } = await key.info();
        if (maxCredBlobLength === undefined) return; // judged with getInfo
        const tooLong = new Uint8Array(maxCredBlobLength + 1);
        const { authData } = await registerPasskey(key, { extensions: { [CRED_BLOB]: tooLong } });
        expectEqual(authData.extensions?.get(CRED_BLOB), false, 'the output of credBlob');
      },
    },
    {
      id: 'largeBlobKey.made',
      section: LARGE,
      statement: 'A passkey that is made with largeBlobKey comes with a key of 32 bytes.',
      needs: { ...largeNeeds, touches: 1 },
      faults: ['large-blob-key-withheld'],
      async run(key) {
        const { response } = await registerPasskey(key, { extensions: { [LARGE_BLOB_KEY]: true } });
        expectEqual(response.largeBlobKey?.length, 32, 'the length of largeBlobKey');
      },
    },
    {
      id: 'largeBlobKey.same',
      section: LARGE,
      statement: 'An assertion gives the same largeBlobKey.',
      needs: largeNeeds,
      faults: ['large-blob-key-changes'],
      async run(key) {
        const extensions = { [LARGE_BLOB_KEY]: true };
        const { response: made } = await registerPasskey(key, { extensions });
        const { response } = await assertion(key, { rpId: ONE_USER, extensions });
        // a key that withholds it at first is judged above
        if (made.largeBlobKey !== undefined) expectEqual(response.largeBlobKey, made.largeBlobKey, 'largeBlobKey');
      },
    },
    {
      id: 'largeBlobKey.unasked.makeCredential',
      section: LARGE,
      statement: 'makeCredential gives no largeBlobKey where nobody asked for one.',
      needs: { ...largeNeeds, touches: 1 },
      faults: ['large-blob-key-unasked-at-creation'],
      async run(key) {
        const { response } = await registerPasskey(key);
        expect(response.largeBlobKey === undefined, 'no largeBlobKey');
      },
    },
    {
      id: 'largeBlobKey.unasked.getAssertion',
      section: LARGE,
      statement: 'getAssertion gives no largeBlobKey where nobody asked for one.',
      needs: largeNeeds,
      faults: ['large-blob-key-unasked-at-assertion'],
      async run(key) {
        await registerPasskey(key, { extensions: { [LARGE_BLOB_KEY]: true } });
        const { response } = await assertion(key, { rpId: ONE_USER });
        expect(response.largeBlobKey === undefined, 'no largeBlobKey');
      },
    },
    largeRefused({
      id: 'largeBlobKey.notDiscoverable',
      statement: 'largeBlobKey is refused for a credential that is not discoverable.',
      fault: 'large-blob-key-for-server-side',
      parameters: (key) => makeCredentialParameters(key, { extensions: { [LARGE_BLOB_KEY]: true } }),
    }),
    largeRefused({
      id: 'largeBlobKey.false',
      statement: 'largeBlobKey is refused where it is not true.',
      fault: 'large-blob-key-takes-false',
      parameters: (key) =>
        makeCredentialParameters(key, {
          rp: { id: ONE_USER },
          options: { rk: true },
          extensions: { [LARGE_BLOB_KEY]: false },
        }),
    }),
    ...POLICIES.flatMap(policyChecks),
    payment('enabled', 'A credential that may pay for others says so.', 'third-party-payment-forgotten', true),
    payment(
      'notEnabled',
      'A credential that may not pay for others does not say so.',
      'third-party-payment-for-all',
      false,
    ),
    {
      id: 'uvm.makeCredential',
      section: 'WebAuthn Level 2 §10.3',
      statement: 'The output of uvm is a list of one to three entries of three numbers.',
      needs: { extensions: [UVM], touches: 1 },
      faults: ['uvm-short-entries'],
      run: async (key) =>
        expectMethods((await register(key, { extensions: { [UVM]: true } })).authData.extensions?.get(UVM)),
    },
    {
      id: 'uvm.getAssertion',
      section: 'WebAuthn Level 2 §10.3',
      statement: 'The output of uvm is a list of one to three entries of three numbers at an assertion, too.',
      needs: { extensions: [UVM], touches: 2 },
      faults: ['get-assertion-uvm-empty'],
      async run(key) {
        const allowList = [descriptor(await register(key))];
        const { authData } = await assertion(key, { allowList, extensions: { [UVM]: true } });
        expectMethods(authData.extensions?.get(UVM));
      },
    },
  ],
};

function expectMethods(output: unknown): void {
  const entries: unknown[] = Array.isArray(output) ? output : [];
  expect(entries.length >= 1 && entries.length <= 3, 'one to three entries of uvm', entries.length);
  const isEntry = (entry: unknown) => Array.isArray(entry) && entry.length === 3 && entry.every(Number.isInteger);
  expect(entries.every(isEntry), 'three numbers in each entry of uvm', output);
}
