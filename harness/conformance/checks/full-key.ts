/** What a key does that has no room for another discoverable credential: CTAP 2.3 §6.1.2 step 17. */
import { CredentialManagementSubcommand as Subcommand } from '../../../ctap/commands/credential-management.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Status } from '../../../ctap/status.ts';
import type { Answer } from '../answer.ts';
import { descriptor, makeCredentialParameters, type Registration, registrationOf } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { lenientCbor } from '../lenient-cbor.ts';
import { MOST_FILLED } from '../needs.ts';
import { Management, user } from '../passkey-ceremony.ts';
import type { Subject } from '../subject.ts';
import { RP_C, signs } from './credential-management-steps.ts';

const SECTION = 'CTAP 2.3 §6.1.2';
const FILLS: Needs = { fills: true, spoils: true, touches: MOST_FILLED + 2 };
const MANAGED: Needs = { ...FILLS, pin: true, options: ['credMgmt'] };

async function make(key: Subject, name: string, rk = true): Promise<Answer> {
  const options = rk ? { rk: true } : {};
  const parameters = await makeCredentialParameters(key, { rp: { id: RP_C }, user: user(name), options });
  return key.request(Command.authenticatorMakeCredential, parameters);
}

function madeBy({ status, body }: Answer): Registration | undefined {
  const response = status === Status.CTAP2_OK ? lenientCbor(body) : undefined;
  return response instanceof Map ? registrationOf(response) : undefined;
}

/** Makes passkeys until the key refuses one: those that it made, and the refusal. */
async function fill(key: Subject): Promise<{ made: Registration[]; refusal: Answer }> {
  const made: Registration[] = [];
  while (made.length <= MOST_FILLED) {
    const answer = await make(key, `user ${made.length}`);
    const one = madeBy(answer);
    if (one === undefined) return { made, refusal: answer };
    made.push(one);
  }
  expect(false, `a refusal after ${made.length} passkeys`);
}

export const fullKeyChecks: CheckGroup = {
  name: 'A full key',
  checks: [
    {
      id: 'full.makeCredential',
      section: SECTION,
      statement: 'A discoverable credential for which there is no room is refused by CTAP2_ERR_KEY_STORE_FULL.',
      needs: FILLS,
      faults: ['full-key-says-limit-exceeded'],
      run: async (key) => expectStatus((await fill(key)).refusal, 'CTAP2_ERR_KEY_STORE_FULL'),
    },
    {
      id: 'full.kept',
      section: SECTION,
      statement: 'A credential that does not fit takes no place of another.',
      needs: FILLS,
      faults: ['full-key-drops-an-older-passkey'],
      async run(key) {
        const first = madeBy(await make(key, 'first'));
        expect(first !== undefined, 'room for one passkey', 'none');
        const found = await signs(key, first);
        await fill(key);
        expect((await signs(key, first)) || !found, 'an assertion by the first passkey', 'none');
      },
    },
    {
      id: 'full.notDiscoverable',
      section: SECTION,
      statement: 'A credential that is not discoverable needs no room.',
      needs: FILLS,
      faults: ['full-key-makes-no-credentials-at-all'],
      async run(key) {
        await fill(key);
        expectOk(await make(key, 'another', false));
      },
    },
    {
      id: 'full.sameUser',
      section: SECTION,
      statement: 'A discoverable credential that takes the place of one of the same user needs no room.',
      severity: 'warning',
      needs: FILLS,
      faults: ['full-key-replaces-no-passkey'],
      async run(key) {
        const { made } = await fill(key);
        expect(made.length > 0, 'room for one passkey', 'none');
        expectOk(await make(key, 'user 0'));
      },
    },
    {
      id: 'full.getInfo.remaining',
      section: 'CTAP 2.3 §6.4',
      statement: 'remainingDiscoverableCredentials is 0 where there is no room.',
      needs: {
        ...FILLS,
        unless: ({ remainingDiscoverableCredentials: room }) =>
          room === undefined ? 'getInfo has no remainingDiscoverableCredentials' : undefined,
      },
      faults: ['full-key-tells-room-by-get-info'],
      async run(key) {
        await fill(key);
        const { remainingDiscoverableCredentials: room } = await key.ctap2.getInfo();
        expectEqual(room, 0, 'remainingDiscoverableCredentials');
      },
    },
    {
      id: 'full.metadata.remaining',
      section: 'CTAP 2.3 §6.8.2',
      statement: 'maxPossibleRemainingResidentCredentialsCount is 0 where there is no room.',
      needs: MANAGED,
      faults: ['full-key-tells-room-by-metadata'],
      async run(key) {
        await fill(key);
        const { remaining } = await (await Management.open(key)).counts();
        expectEqual(remaining, 0, 'maxPossibleRemainingResidentCredentialsCount');
      },
    },
    {
      id: 'full.metadata.existing',
      section: 'CTAP 2.3 §6.8.2',
      statement: 'A credential that did not fit is not counted.',
      needs: MANAGED,
      faults: ['full-key-counts-what-did-not-fit'],
      async run(key) {
        await fill(key);
        const { existing } = await (await Management.open(key)).counts();
        await make(key, 'another');
        expectEqual(
          (await (await Management.open(key)).counts()).existing,
          existing,
          'existingResidentCredentialsCount',
        );
      },
    },
    {
      id: 'full.deleted',
      section: 'CTAP 2.3 §6.8.5',
      statement: 'Where one credential is deleted, another fits.',
      needs: MANAGED,
      faults: ['full-key-stays-full'],
      async run(key) {
        const [first] = (await fill(key)).made;
        expect(first !== undefined, 'room for one passkey', 'none');
        const params = { credentialId: descriptor(first) };
        await (await Management.open(key)).accepted(Subcommand.deleteCredential, params);
        expectOk(await make(key, 'another'));
      },
    },
  ] satisfies readonly Check[],
};
