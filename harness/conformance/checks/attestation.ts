/** Attestation: the statement, its formats and its certificates. CTAP 2.3 §6.1.2 step 18, WebAuthn Level 3 §8. */
import { fidoU2fStatement, u2fAttestationBytes } from '../../../ctap/attestation.ts';
import { equalBytes, utf8 } from '../../../ctap/bytes.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { decodeCoseKey } from '../../../ctap/cose.ts';
import { makeCredentialParameters, RP_ID, register } from '../ceremony.ts';
import { AAGUID_EXTENSION, AttestationCertificate } from '../certificate.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { Subject } from '../subject.ts';
import { chainOf, FORMATS, isSignedByAttester, namesOwnAaguid, PACKED, statementOf } from './attestation-steps.ts';
import { refusal } from './refusals.ts';

const PROFILE = 'WebAuthn Level 3 §8.2.1';
const P256 = -7;

/** Attributes of names (X.520). */
const SUBJECT = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const;

const preferring: Needs = {
  touches: 1,
  unless: ({ attestationFormats = [] }) =>
    attestationFormats.length === 0 ? 'getInfo has no attestationFormats' : undefined,
};

function listed(format: string): Needs {
  return {
    touches: 1,
    unless: ({ attestationFormats = [] }) =>
      attestationFormats.includes(format) ? undefined : `attestationFormats has no ${format}`,
  };
}

/** A check of the leaf of a packed attestation. */
function ofLeaf(
  id: string,
  statement: string,
  fault: string,
  judge: (leaf: AttestationCertificate, key: Subject) => void | Promise<void>,
  section = PROFILE,
): Check {
  return {
    id: `attestation.certificate.${id}`,
    section,
    statement,
    needs: { touches: 1 },
    faults: [fault],
    run: async (key) => judge(chainOf(await register(key))[0]!, key),
  };
}

/** A check of each pair of neighbours in the chain. */
function ofChain(
  id: string,
  statement: string,
  fault: string,
  judge: (lower: AttestationCertificate, upper: AttestationCertificate) => void,
): Check {
  return {
    id: `attestation.chain.${id}`,
    section: PACKED,
    statement,
    needs: { touches: 1 },
    faults: [fault],
    async run(key) {
      const chain = chainOf(await register(key));
      if (chain.length < 2) throw new NotApplicable('the key sends one certificate');
      for (const [index, upper] of chain.slice(1).entries()) judge(chain[index]!, upper);
    },
  };
}

function inSubject(attribute: keyof typeof SUBJECT, what: string, fault: string, fits: (value: string) => boolean) {
  return ofLeaf(`subject.${attribute}`, `The subject's ${attribute} is ${what}.`, fault, (leaf) => {
    const value = leaf.subject(SUBJECT[attribute]);
    expect(value !== undefined && fits(value), `${what} in ${attribute}`, value ?? 'none');
  });
}

export const attestationChecks: CheckGroup = {
  name: 'Attestation',
  checks: [
    {
      id: 'attestation.format.default',
      section: 'CTAP 2.3 §6.4',
      statement: 'Without a preference the attestation is of a format that getInfo lists, or none.',
      needs: preferring,
      faults: ['attestation-of-unlisted-format'],
      async run(key) {
        const { attestationFormats = [] } = await key.info();
        const { fmt } = (await register(key)).response;
        expect([...attestationFormats, 'none'].includes(fmt), `one of ${attestationFormats.join(', ')}`, fmt);
      },
    },
    {
      id: 'attestation.format.none',
      section: FORMATS,
      statement: 'Where the platform wants none, there is no attestation.',
      needs: preferring,
      faults: ['attestation-though-none-is-wanted'],
      async run(key) {
        const { response } = await register(key, { attestationFormatsPreference: ['none'] });
        expectEqual(response.fmt, 'none', 'fmt');
      },
    },
    {
      id: 'attestation.format.none.statement',
      section: 'WebAuthn Level 3 §8.7',
      statement: 'The statement of an attestation that is none is empty, or not there.',
      needs: preferring,
      faults: ['attestation-none-with-statement'],
      async run(key) {
        const { response } = await register(key, { attestationFormatsPreference: ['none'] });
        if (response.fmt === 'none') expectEqual(response.attStmt?.size ?? 0, 0, 'the number of members of attStmt');
      },
    },
    {
      id: 'attestation.format.packed',
      section: FORMATS,
      statement: 'Where the platform prefers packed attestation, a key that lists it gives it.',
      needs: listed('packed'),
      faults: ['attestation-ignores-preference-for-packed'],
      async run(key) {
        const { response } = await register(key, { attestationFormatsPreference: ['packed', 'none'] });
        expectEqual(response.fmt, 'packed', 'fmt');
      },
    },
    {
      id: 'attestation.format.unknown',
      section: FORMATS,
      statement: 'A format that the key does not know is passed over.',
      needs: listed('packed'),
      faults: ['attestation-none-for-unknown-preference'],
      async run(key) {
        const { response } = await register(key, { attestationFormatsPreference: ['unheard-of', 'packed'] });
        expectEqual(response.fmt, 'packed', 'fmt');
      },
    },
    {
      id: 'attestation.packed.signature',
      section: PACKED,
      statement: 'The attestation is signed over the authenticator data and the hash of the client data.',
      needs: { touches: 1 },
      faults: ['attestation-bad-signature'],
      async run(key) {
        const good = isSignedByAttester(key, await register(key));
        expect(good, 'a signature that the key of the certificate verifies');
      },
    },
    {
      id: 'attestation.packed.alg',
      section: PACKED,
      statement: 'The algorithm of the statement is that of the key which signs.',
      needs: { touches: 1 },
      faults: ['attestation-other-alg'],
      async run(key) {
        const made = await register(key);
        const { alg, x5c } = statementOf(made);
        const wanted = x5c === undefined ? decodeCoseKey(made.publicKey).alg : chainOf(made)[0]!.publicKey.alg;
        expectEqual(alg, wanted, 'alg');
      },
    },
    ofLeaf('version', 'The certificate is of version 3.', 'attestation-certificate-of-version-2', (leaf) =>
      expectEqual(leaf.version, 3, 'the version'),
    ),
    inSubject('C', 'a country of two letters', 'attestation-certificate-without-country', (text) =>
      /^[A-Z]{2}$/.test(text),
    ),
    inSubject('O', 'a name of the vendor', 'attestation-certificate-without-organization', (text) => text !== ''),
    inSubject(
      'OU',
      '"Authenticator Attestation"',
      'attestation-certificate-of-other-unit',
      (text) => text === 'Authenticator Attestation',
    ),
    inSubject('CN', 'a name', 'attestation-certificate-without-common-name', (text) => text !== ''),
    ofLeaf(
      'notAuthority',
      'Basic constraints say that it is no authority.',
      'attestation-certificate-of-authority',
      (leaf) => expectEqual(leaf.isAuthority, false, 'CA of the basic constraints'),
    ),
    ofLeaf(
      'aaguid',
      'The AAGUID that the certificate names, if any, is that of getInfo.',
      'attestation-certificate-of-other-aaguid',
      namesOwnAaguid,
    ),
    ofLeaf(
      'aaguid.notCritical',
      'The extension with the AAGUID is not critical.',
      'attestation-certificate-aaguid-critical',
      (leaf) => expect(leaf.extension(AAGUID_EXTENSION)?.critical !== true, 'an extension that is not critical'),
    ),
    {
      ...ofLeaf(
        'key',
        'Its key is on P-256, which every relying party knows.',
        'attestation-certificate-on-p384',
        (leaf) => expectEqual(leaf.publicKey.alg, P256, 'the algorithm of the key'),
      ),
      severity: 'warning',
    },
    {
      ...ofLeaf(
        'validity',
        'It is valid now.',
        'attestation-certificate-expired',
        (leaf) => {
          const { notBefore, notAfter } = leaf.validity;
          const now = new Date();
          expect(
            notBefore <= now && now <= notAfter,
            'a certificate that is valid now',
            `until ${notAfter.toISOString()}`,
          );
        },
        'RFC 5280 §4.1.2.5',
      ),
      severity: 'warning',
    },
    ofChain(
      'signatures',
      'Each certificate is signed by the key of the next.',
      'attestation-chain-bad-signature',
      (lower, upper) => expect(lower.isSignedBy(upper), 'a signature by the next certificate'),
    ),
    ofChain(
      'names',
      'Each certificate is issued in the name of the next.',
      'attestation-chain-other-name',
      (lower, upper) =>
        expect(
          equalBytes(lower.names.issuer, upper.names.subject),
          'the issuer to be the subject of the next certificate',
        ),
    ),
    ofChain(
      'authorities',
      'What issues certificates says that it is an authority.',
      'attestation-chain-without-authority',
      (_, upper) => expectEqual(upper.isAuthority, true, 'CA of the basic constraints'),
    ),
    {
      id: 'attestation.u2f.certificates',
      section: 'WebAuthn Level 3 §8.6',
      statement: 'An attestation by fido-u2f has one certificate.',
      needs: listed('fido-u2f'),
      faults: ['attestation-u2f-two-certificates'],
      async run(key) {
        const { x5c } = await u2fStatement(key);
        expectEqual(x5c.length, 1, 'the number of certificates');
      },
    },
    {
      id: 'attestation.u2f.signature',
      section: 'WebAuthn Level 3 §8.6',
      statement: 'An attestation by fido-u2f is signed as U2F registrations are.',
      needs: listed('fido-u2f'),
      faults: ['attestation-u2f-bad-signature'],
      async run(key) {
        const { made, sig, x5c } = await u2fStatement(key);
        const { alg, bytes } = new AttestationCertificate(x5c[0]!).publicKey;
        const { publicKey } = decodeCoseKey(made.publicKey);
        const rpIdHash = key.bench.crypto.sha256(utf8(RP_ID));
        const message = u2fAttestationBytes(rpIdHash, made.clientDataHash, made.credentialId, publicKey);
        expect(key.bench.crypto.verify(alg, bytes, message, sig), 'a signature that the certificate verifies');
      },
    },
    {
      id: 'attestation.enterprise.unasked',
      section: FORMATS,
      statement: 'epAtt is not there where no enterprise attestation was asked for.',
      needs: { touches: 1 },
      faults: ['attestation-enterprise-unasked'],
      async run(key) {
        const { epAtt } = (await register(key)).response;
        expect(epAtt !== true, 'no epAtt', epAtt);
      },
    },
    ...[1, 2].map((kind) =>
      refusal(Command.authenticatorMakeCredential, {
        id: `attestation.enterprise.disabled.${kind}`,
        section: FORMATS,
        statement: `Enterprise attestation of kind ${kind} is refused where it is not enabled.`,
        needs: { versions: ['FIDO_2_1', 'FIDO_2_2', 'FIDO_2_3'], unless: enterpriseEnabled },
        faults: [`attestation-takes-enterprise-${kind}`],
        statuses: ['CTAP1_ERR_INVALID_PARAMETER'],
        parameters: (key) => makeCredentialParameters(key, { enterpriseAttestation: kind }),
      }),
    ),
  ],
};

function enterpriseEnabled({ options }: { options?: Readonly<Record<string, boolean>> | undefined }) {
  return options?.ep === true ? 'enterprise attestation is enabled' : undefined;
}

async function u2fStatement(key: Subject) {
  const made = await register(key, { attestationFormatsPreference: ['fido-u2f'] });
  const { response } = made;
  if (response.fmt !== 'fido-u2f') throw new NotApplicable(`the key attests by ${response.fmt}`);
  return { made, ...fidoU2fStatement.decode(response.attStmt ?? new Map(), 'attStmt') };
}
