/** What authenticatorCredentialManagement tells of the passkeys: CTAP 2.3 §6.8. */
import { toHex } from '../../../ctap/bytes.ts';
import { encodeCbor } from '../../../ctap/cbor.ts';
import { CredentialManagementSubcommand as Subcommand } from '../../../ctap/commands/credential-management.ts';
import type { Check } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { entriesOf, Management, passkey, RP_A, RP_B, read, rpIdHash, user } from '../passkey-ceremony.ts';
import { unlessCtap21 } from '../pin-ceremony.ts';
import type { Subject } from '../subject.ts';
import { needs, ONE, twoOfEach } from './credential-management-steps.ts';

/** One credential, as it is registered and as it is told. */
async function told(key: Subject, given: Parameters<typeof passkey>[2] = {}) {
  const registration = await passkey(key, RP_A, given);
  const entries = await (await Management.open(key)).credentials();
  const entry = entries.find(
    ({ credentialId }) => credentialId && toHex(credentialId.id) === toHex(registration.credentialId),
  );
  return { registration, entry: entry ?? entries[0] ?? {} };
}

const LONG_NAME = 'somebody.with.a.long.name@example.com';

export const readingChecks: readonly Check[] = [
  {
    id: 'credentialManagement.subCommand.unknown',
    section: 'CTAP 2.3 §6.8',
    statement: 'A subcommand that does not exist is refused as an invalid subcommand.',
    needs: { ...needs, unless: unlessCtap21 },
    faults: ['credential-management-takes-unknown-subcommand'],
    async run(key) {
      expectStatus(await (await Management.open(key)).request(0x3f), 'CTAP2_ERR_INVALID_SUBCOMMAND');
    },
  },
  {
    id: 'credentialManagement.metadata.remaining',
    section: 'CTAP 2.3 §6.8.2',
    statement: 'maxPossibleRemainingResidentCredentialsCount does not grow with a discoverable credential.',
    needs: ONE,
    faults: ['credential-management-remaining-grows'],
    async run(key) {
      const { remaining } = await (await Management.open(key)).counts();
      await passkey(key, RP_A, { user: user(`${Date.now()}`) });
      const after = (await (await Management.open(key)).counts()).remaining;
      expect(after <= remaining, `at most ${remaining} remaining`, after);
    },
  },
  {
    id: 'credentialManagement.metadata.notDiscoverable',
    section: 'CTAP 2.3 §6.8.2',
    statement: 'A credential that is not discoverable is not counted.',
    needs: ONE,
    faults: ['credential-management-counts-every-credential'],
    async run(key) {
      const { existing } = await (await Management.open(key)).counts();
      await passkey(key, RP_A, { options: {} });
      expectEqual((await (await Management.open(key)).counts()).existing, existing, 'existingResidentCredentialsCount');
    },
  },
  {
    id: 'credentialManagement.rps.none',
    section: 'CTAP 2.3 §6.8.3',
    statement: 'Without any discoverable credential enumerateRPs answers CTAP2_ERR_NO_CREDENTIALS.',
    needs: { ...needs, spoils: true },
    faults: ['credential-management-enumerates-no-rps'],
    async run(key) {
      const management = await Management.open(key);
      await management.deleteAll();
      expectStatus(await management.request(Subcommand.enumerateRPsBegin), 'CTAP2_ERR_NO_CREDENTIALS');
    },
  },
  {
    id: 'credentialManagement.rps.rpIDHash',
    section: 'CTAP 2.3 §6.8.3',
    statement: 'rpIDHash is the SHA-256 of the RP ID.',
    needs: ONE,
    faults: ['credential-management-other-rp-id-hash'],
    async run(key) {
      await passkey(key);
      const [entry] = entriesOf(key, await (await Management.open(key)).rps(), RP_A);
      expectEqual(entry?.rpIDHash, rpIdHash(key, RP_A), 'rpIDHash');
    },
  },
  {
    id: 'credentialManagement.rps.once',
    section: 'CTAP 2.3 §6.8.3',
    statement: 'An RP with several credentials is told once.',
    needs: { ...needs, touches: 3 },
    faults: ['credential-management-repeats-an-rp'],
    async run(key) {
      await twoOfEach(key);
      const rps = await (await Management.open(key)).rps();
      expectEqual(entriesOf(key, rps, RP_A).length, 1, `the number of entries of ${RP_A}`);
    },
  },
  {
    id: 'credentialManagement.rps.totalOnce',
    section: 'CTAP 2.3 §6.8.3',
    statement: 'totalRPs comes with the first RP alone.',
    needs: { ...needs, touches: 2 },
    faults: ['credential-management-total-of-rps-every-time'],
    async run(key) {
      await passkey(key);
      await passkey(key, RP_B);
      const [, second] = await (await Management.open(key)).rps();
      expectEqual(second?.totalRPs, undefined, 'totalRPs of the second RP');
    },
  },
  {
    id: 'credentialManagement.credentials.totalOnce',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'totalCredentials comes with the first credential alone.',
    needs: { ...needs, touches: 2 },
    faults: ['credential-management-total-of-credentials-every-time'],
    async run(key) {
      await passkey(key, RP_A, { user: user('first') });
      await passkey(key, RP_A, { user: user('second') });
      const [, second] = await (await Management.open(key)).credentials();
      expectEqual(second?.totalCredentials, undefined, 'totalCredentials of the second credential');
    },
  },
  {
    id: 'credentialManagement.credentials.rpIDHash.missing',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'enumerateCredentials without rpIDHash is refused as one with a parameter missing.',
    needs,
    faults: ['credential-management-enumerates-without-rp-id-hash'],
    async run(key) {
      const answer = await (await Management.open(key)).request(Subcommand.enumerateCredentialsBegin, {});
      expectStatus(answer, 'CTAP2_ERR_MISSING_PARAMETER');
    },
  },
  {
    id: 'credentialManagement.credentials.publicKey',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'publicKey is the one of the registration.',
    needs: ONE,
    faults: ['credential-management-other-public-key'],
    async run(key) {
      const { registration, entry } = await told(key);
      expect(entry.publicKey !== undefined, 'a publicKey', 'none');
      expectEqual(encodeCbor(entry.publicKey), encodeCbor(registration.publicKey), 'publicKey');
    },
  },
  {
    id: 'credentialManagement.credentials.credentialType',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'The type of the credential ID is public-key.',
    needs: ONE,
    faults: ['credential-management-other-credential-type'],
    async run(key) {
      expectEqual((await told(key)).entry.credentialId?.type, 'public-key', 'credentialID.type');
    },
  },
  {
    id: 'credentialManagement.credentials.user.id',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'user.id is told whole, up to 64 bytes.',
    needs: ONE,
    faults: ['credential-management-cuts-user-ids'],
    async run(key) {
      const id = Uint8Array.from({ length: 64 }, (_, index) => index + 1);
      const { entry } = await told(key, { user: { ...user('long id'), id } });
      expectEqual(entry.user?.id, id, 'user.id');
    },
  },
  {
    id: 'credentialManagement.credentials.user.name',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'user.name is the one of the registration.',
    needs: ONE,
    faults: ['credential-management-cuts-user-names'],
    async run(key) {
      const { entry } = await told(key, { user: { ...user('name'), name: LONG_NAME } });
      expectEqual(entry.user?.name, LONG_NAME, 'user.name');
    },
  },
  {
    id: 'credentialManagement.credentials.user.displayName',
    section: 'CTAP 2.3 §6.8.4',
    statement: 'user.displayName is the one of the registration, where the key keeps it.',
    severity: 'warning',
    needs: ONE,
    faults: ['credential-management-cuts-display-names'],
    async run(key) {
      const { entry } = await told(key, { user: { ...user('display name'), displayName: LONG_NAME } });
      expectEqual(entry.user?.displayName, LONG_NAME, 'user.displayName');
    },
  },
  {
    id: 'credentialManagement.credentials.credProtect',
    section: 'CTAP 2.3 §6.8.4, §12.1',
    statement: 'credProtect is the level that was asked for.',
    needs: { ...ONE, extensions: ['credProtect'] },
    faults: ['credential-management-forgets-cred-protect'],
    async run(key) {
      const { entry } = await told(key, { extensions: { credProtect: 2 } });
      expectEqual(entry.credProtect, 2, 'credProtect');
    },
  },
  {
    id: 'credentialManagement.credentials.credProtect.default',
    section: 'CTAP 2.3 §6.8.4, §12.1',
    statement: 'credProtect is told of a credential for which none was asked.',
    needs: { ...ONE, extensions: ['credProtect'] },
    faults: ['credential-management-leaves-cred-protect-out'],
    async run(key) {
      const { credProtect } = (await told(key)).entry;
      expect(credProtect !== undefined && credProtect >= 1 && credProtect <= 3, 'a credProtect of 1 to 3', credProtect);
    },
  },
  {
    id: 'credentialManagement.credentials.largeBlobKey',
    section: 'CTAP 2.3 §6.8.4, §12.3',
    statement: 'largeBlobKey is the one of the registration.',
    needs: { ...ONE, extensions: ['largeBlobKey'] },
    faults: ['large-blob-key-withheld', 'credential-management-other-large-blob-key'],
    async run(key) {
      const { registration, entry } = await told(key, { extensions: { largeBlobKey: true } });
      expectEqual(entry.largeBlobKey, registration.response.largeBlobKey, 'largeBlobKey');
    },
  },
  {
    id: 'credentialManagement.credentials.thirdPartyPayment',
    section: 'CTAP 2.3 §6.8.4, §12.9',
    statement: 'thirdPartyPayment is true of a credential that was made for it.',
    needs: { ...ONE, extensions: ['thirdPartyPayment'] },
    faults: ['credential-management-forgets-third-party-payment'],
    async run(key) {
      const { entry } = await told(key, { extensions: { thirdPartyPayment: true } });
      expectEqual(entry.thirdPartyPayment, true, 'thirdPartyPayment');
    },
  },
  {
    id: 'credentialManagement.credentials.sameUser',
    section: 'CTAP 2.3 §6.1.2',
    statement: 'A second discoverable credential of the same user at the same RP takes the place of the first.',
    needs: { ...needs, touches: 2 },
    faults: ['make-credential-keeps-replaced-passkey', 'credential-management-keeps-both-of-a-user'],
    async run(key) {
      await passkey(key, RP_A, { user: user('same') });
      const before = (await (await Management.open(key)).credentials()).length;
      await passkey(key, RP_A, { user: user('same') });
      const params = { rpIDHash: rpIdHash(key, RP_A) };
      const answer = await (await Management.open(key)).request(Subcommand.enumerateCredentialsBegin, params);
      expectOk(answer);
      expectEqual(read(answer).totalCredentials, before, 'totalCredentials');
    },
  },
];
