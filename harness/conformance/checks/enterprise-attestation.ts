/** Enterprise attestation, where it is enabled: CTAP 2.3 §6.1.2 step 9, §7.1, and its certificates (WebAuthn Level 3 §8.2.2). */
import { equalBytes } from '../../../ctap/bytes.ts';
import { AuthenticatorConfigSubcommand } from '../../../ctap/commands/authenticator-config.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Status } from '../../../ctap/status.ts';
import type { Answer } from '../answer.ts';
import { makeCredentialParameters, type Registration, register, registrationOf } from '../ceremony.ts';
import { AttestationCertificate, SERIAL_NUMBER_EXTENSION } from '../certificate.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { responseOf } from '../response.ts';
import type { Subject } from '../subject.ts';
import { chainOf, FORMATS, isSignedByAttester, namesOwnAaguid } from './attestation-steps.ts';
import { needing, send } from './config-steps.ts';

const CERTIFICATE = 'WebAuthn Level 3 §8.2.2';
const VENDOR_FACILITATED = 1;
const PLATFORM_MANAGED = 2;

function enabling(touches: number, more: Needs = {}): Needs {
  return needing(['ep'], { spoils: true, touches, ...more });
}

async function enable(key: Subject): Promise<void> {
  if ((await key.ctap2.getInfo()).options?.ep === true) return;
  expectOk(await send(key, AuthenticatorConfigSubcommand.enableEnterpriseAttestation));
}

/** Asks for a credential with enterprise attestation. */
async function ask(key: Subject, enterpriseAttestation: number): Promise<Answer> {
  const parameters = await makeCredentialParameters(key, { enterpriseAttestation });
  return key.request(Command.authenticatorMakeCredential, parameters);
}

/** A credential with enterprise attestation. @throws NotApplicable where the key refuses */
async function attested(key: Subject, kind: number): Promise<Registration> {
  const answer = await ask(key, kind);
  if (answer.status !== Status.CTAP2_OK) throw new NotApplicable('the key refuses enterprise attestation of this kind');
  return registrationOf(responseOf(answer));
}

/** The certificate that names the key, and the credential that it attests. */
async function named(key: Subject): Promise<{ made: Registration; leaf: AttestationCertificate }> {
  const made = await attested(key, PLATFORM_MANAGED);
  if (made.response.epAtt !== true) throw new NotApplicable('the key names itself only to RPs that its vendor chose');
  return { made, leaf: chainOf(made)[0]! };
}

/** The first certificate of an attestation, DER; undefined for one without. */
function leafOf({ response }: Registration): Uint8Array | undefined {
  const x5c = response.attStmt?.get('x5c');
  const leaf = Array.isArray(x5c) ? x5c[0] : undefined;
  return leaf instanceof Uint8Array ? leaf : undefined;
}

/** Both attest by the same certificate, or by none. */
function sameLeaf(one: Registration, other: Registration): boolean {
  const [a, b] = [leafOf(one), leafOf(other)];
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

/** A check of the certificate that names the key. */
function ofLeaf(
  name: string,
  statement: string,
  fault: string,
  judge: (leaf: AttestationCertificate, key: Subject) => void | Promise<void>,
): Check {
  return {
    id: `attestation.enterprise.certificate.${name}`,
    section: CERTIFICATE,
    statement,
    needs: enabling(1),
    faults: [fault],
    async run(key) {
      await enable(key);
      await judge((await named(key)).leaf, key);
    },
  };
}

function serialOf(leaf: AttestationCertificate): Uint8Array {
  const { value } = leaf.extension(SERIAL_NUMBER_EXTENSION) ?? {};
  if (value === undefined) throw new NotApplicable('the certificate has no serial number of the key');
  return value;
}

const OCTET_STRING = 0x04;

export const enterpriseAttestationChecks: CheckGroup = {
  name: 'Enterprise attestation',
  checks: [
    ...[0, 3].map(
      (kind): Check => ({
        id: `attestation.enterprise.kind.${kind}`,
        section: FORMATS,
        statement: `Enterprise attestation of kind ${kind}, which there is not, is refused as an invalid option.`,
        needs: enabling(0),
        faults: [`enterprise-attestation-takes-kind-${kind}`],
        async run(key) {
          await enable(key);
          expectStatus(await ask(key, kind), 'CTAP2_ERR_INVALID_OPTION');
        },
      }),
    ),
    {
      id: 'attestation.enterprise.1.otherRp',
      section: 'CTAP 2.3 §7.1',
      statement: 'An RP that the vendor has not chosen gets no epAtt, and no certificate that names the key.',
      needs: enabling(1),
      faults: ['enterprise-attestation-for-any-rp'],
      async run(key) {
        await enable(key);
        const made = await attested(key, VENDOR_FACILITATED);
        expect(made.response.epAtt !== true, 'no epAtt', made.response.epAtt);
        const leaf = leafOf(made);
        if (leaf === undefined) return;
        const serial = new AttestationCertificate(leaf).extension(SERIAL_NUMBER_EXTENSION);
        expect(serial === undefined, 'no id-fido-gen-ce-sernum');
      },
    },
    {
      id: 'attestation.enterprise.2.taken',
      section: FORMATS,
      statement: 'Where it is enabled, a request for enterprise attestation that the platform manages is taken.',
      needs: enabling(1),
      faults: ['enterprise-attestation-refuses-platform-managed'],
      async run(key) {
        await enable(key);
        expectOk(await ask(key, PLATFORM_MANAGED));
      },
    },
    {
      id: 'attestation.enterprise.2.epAtt',
      section: FORMATS,
      statement: 'epAtt is true where the certificate is another than everybody gets, and only there.',
      needs: enabling(2),
      faults: ['enterprise-attestation-untold'],
      async run(key) {
        await enable(key);
        const made = await attested(key, PLATFORM_MANAGED);
        expectEqual(made.response.epAtt === true, !sameLeaf(made, await register(key)), 'epAtt');
      },
    },
    {
      id: 'attestation.enterprise.2.signature',
      section: 'WebAuthn Level 3 §8.2',
      statement: 'An enterprise attestation is signed by the key of its own certificate.',
      needs: enabling(1),
      faults: ['enterprise-attestation-bad-signature'],
      async run(key) {
        await enable(key);
        const { made } = await named(key);
        expect(isSignedByAttester(key, made), 'a signature that the key of the certificate verifies');
      },
    },
    ofLeaf(
      'serial',
      'The certificate has the extension with the serial number of the key.',
      'enterprise-certificate-without-serial',
      (leaf) => expect(leaf.extension(SERIAL_NUMBER_EXTENSION) !== undefined, 'id-fido-gen-ce-sernum'),
    ),
    ofLeaf(
      'serial.notCritical',
      'The extension with the serial number is not critical.',
      'enterprise-certificate-serial-critical',
      (leaf) => expect(leaf.extension(SERIAL_NUMBER_EXTENSION)?.critical !== true, 'an extension that is not critical'),
    ),
    ofLeaf(
      'serial.octets',
      'The serial number is a string of bytes.',
      'enterprise-certificate-serial-of-other-kind',
      (leaf) => expectEqual(serialOf(leaf)[0], OCTET_STRING, 'the type of the serial number'),
    ),
    {
      ...ofLeaf(
        'serial.same',
        'The serial number is the same in each attestation.',
        'enterprise-certificate-serial-changes',
        async (leaf, key) => expectEqual(serialOf((await named(key)).leaf), serialOf(leaf), 'the serial number'),
      ),
      needs: enabling(2),
    },
    ofLeaf(
      'aaguid',
      'The AAGUID that the certificate names, if any, is that of getInfo.',
      'enterprise-certificate-of-other-aaguid',
      namesOwnAaguid,
    ),
    {
      id: 'attestation.certificate.noSerial',
      section: CERTIFICATE,
      statement: 'The certificate that everybody gets tells no serial number of the key.',
      needs: { touches: 1 },
      faults: ['attestation-certificate-with-serial'],
      async run(key) {
        const [leaf] = chainOf(await register(key));
        expect(leaf?.extension(SERIAL_NUMBER_EXTENSION) === undefined, 'no id-fido-gen-ce-sernum');
      },
    },
    {
      id: 'attestation.enterprise.2.survivesPowerCycle',
      section: 'CTAP 2.3 §6.11.1',
      statement: 'A request for enterprise attestation is still taken when the key has been without power.',
      needs: enabling(1),
      faults: ['enterprise-attestation-ends-without-power', 'enterprise-attestation-refuses-platform-managed'],
      async run(key) {
        await enable(key);
        await key.replug();
        expectOk(await ask(key, PLATFORM_MANAGED));
      },
    },
  ],
};
