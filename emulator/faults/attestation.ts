/** Faults of attestation: statements, formats and certificates. */
import type { CborMap } from '../../ctap/cbor.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Algorithm } from '../../ctap/crypto.ts';
import { OID } from '../attestation/certificate.ts';
import * as der from '../attestation/der.ts';
import {
  certificateFault,
  critical,
  extensionWith,
  isOrdinary,
  ofOtherAaguid,
  preference,
  statementOf,
  withSpoiledSignature,
} from './certificate-faults.ts';
import { acceptsFault, answerFault, type SeenRequest } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { elementsOf, Tbs, withElement } from './forged-chain.ts';

const commands = [Command.authenticatorMakeCredential];
const FMT = 0x01;
const ATT_STMT = 0x03;

function prefers(...formats: readonly string[]): (request: SeenRequest) => boolean {
  return (request) => preference(request).join() === formats.join();
}

type Elements = readonly Uint8Array[];

/** The subject with an attribute changed, or left out where that is undefined. */
function subjectWith(attribute: string, change: (value: Uint8Array) => Uint8Array | undefined) {
  const type = der.oid(attribute).join();
  return (tbs: Elements): Uint8Array[] => {
    const sets = elementsOf(tbs[Tbs.subject]!).flatMap((set) => {
      const [oid, value] = elementsOf(elementsOf(set)[0]!);
      if (oid!.join() !== type) return [set];
      const changed = change(value!);
      return changed === undefined ? [] : [der.set(der.sequence(oid!, changed))];
    });
    return withElement(tbs, Tbs.subject, der.sequence(...sets));
  };
}

function basicConstraints(authority: boolean) {
  const value = authority ? der.sequence(der.boolean(true)) : der.sequence();
  return extensionWith(OID.basicConstraints, (oid) => der.sequence(oid, der.boolean(true), der.octetString(value)));
}

const expired = (tbs: Elements): Uint8Array[] => {
  const [from, to] = [new Date(Date.UTC(2001, 0, 1)), new Date(Date.UTC(2002, 0, 1))];
  return withElement(tbs, Tbs.validity, der.sequence(der.time(from), der.time(to)));
};

const certificateFaults: readonly Fault[] = [
  certificateFault('attestation-certificate-of-version-2', 'attests by a certificate of version 2', {
    leaf: (tbs) => withElement(tbs, Tbs.version, der.explicit(0, der.integer(Uint8Array.of(1)))),
  }),
  certificateFault('attestation-certificate-without-country', 'attests by a certificate without a country', {
    leaf: subjectWith(OID.country, () => undefined),
  }),
  certificateFault('attestation-certificate-without-organization', 'attests by a certificate without a vendor', {
    leaf: subjectWith(OID.organization, () => undefined),
  }),
  certificateFault('attestation-certificate-of-other-unit', 'attests by a certificate of another organizational unit', {
    leaf: subjectWith(OID.organizationalUnit, () => der.utf8String('Security Keys')),
  }),
  certificateFault('attestation-certificate-without-common-name', 'attests by a certificate without a name', {
    leaf: subjectWith(OID.commonName, () => undefined),
  }),
  certificateFault('attestation-certificate-of-authority', 'attests by a certificate of an authority', {
    leaf: basicConstraints(true),
  }),
  certificateFault('attestation-certificate-of-other-aaguid', 'attests by a certificate of another AAGUID', {
    leaf: ofOtherAaguid,
  }),
  certificateFault(
    'attestation-certificate-aaguid-critical',
    'attests by a certificate whose extension with the AAGUID is critical',
    { leaf: extensionWith(OID.aaguid, critical) },
  ),
  certificateFault('attestation-certificate-on-p384', 'attests by a key on P-384', { alg: Algorithm.ES384 }),
  certificateFault('attestation-certificate-expired', 'attests by a certificate that is not valid any more', {
    leaf: expired,
  }),
  certificateFault('attestation-chain-bad-signature', 'attests by a certificate that the next one has not signed', {
    brokenSignature: true,
  }),
  certificateFault('attestation-chain-other-name', 'attests by a certificate that is issued in another name', {
    authority: subjectWith(OID.commonName, () => der.utf8String('another authority')),
  }),
  certificateFault('attestation-chain-without-authority', 'attests by a chain whose issuer is no authority', {
    authority: basicConstraints(false),
  }),
];

/** A statement with another member than it should have. */
function statementFault(
  id: string,
  summary: string,
  when: (request: SeenRequest) => boolean,
  change: (statement: CborMap) => CborMap,
): Fault {
  return answerFault({
    id,
    summary,
    commands,
    when,
    change: (answer) => answer.set(ATT_STMT, change(new Map(statementOf(answer)))),
  });
}

/** The key answers with no attestation, whatever was preferred. */
function saysNone(id: string, summary: string, when: (request: SeenRequest) => boolean): Fault {
  return answerFault({
    id,
    summary,
    commands,
    when,
    change: (answer) => answer.set(FMT, 'none').set(ATT_STMT, new Map()),
  });
}

export const attestationFaults: readonly Fault[] = [
  ...certificateFaults,
  answerFault({
    id: 'attestation-of-unlisted-format',
    summary: 'attests by a format that it does not list',
    commands,
    when: isOrdinary,
    change: (answer) => answer.set(FMT, 'android-key'),
  }),
  answerFault({
    id: 'attestation-though-none-is-wanted',
    summary: 'says that it attests though the platform wants none',
    commands,
    when: prefers('none'),
    change: (answer) => answer.set(FMT, 'packed'),
  }),
  statementFault(
    'attestation-none-with-statement',
    'puts something into the statement of an attestation that is none',
    prefers('none'),
    (statement) => statement.set('sig', new Uint8Array(1)),
  ),
  saysNone(
    'attestation-ignores-preference-for-packed',
    'gives no attestation where packed is preferred to none',
    prefers('packed', 'none'),
  ),
  saysNone(
    'attestation-none-for-unknown-preference',
    'gives no attestation where the platform prefers a format that it does not know',
    (request) => preference(request).length > 1 && !prefers('packed', 'none')(request),
  ),
  statementFault('attestation-bad-signature', 'signs its attestation wrongly', isOrdinary, withSpoiledSignature),
  statementFault(
    'attestation-other-alg',
    'says another algorithm than its attestation is signed by',
    isOrdinary,
    (statement) => (statement.has('alg') ? statement.set('alg', -999) : statement),
  ),
  statementFault(
    'attestation-u2f-two-certificates',
    'sends two certificates with an attestation by fido-u2f',
    prefers('fido-u2f'),
    (statement) => {
      const x5c = statement.get('x5c');
      return Array.isArray(x5c) ? statement.set('x5c', [...x5c, ...x5c]) : statement;
    },
  ),
  statementFault(
    'attestation-u2f-bad-signature',
    'signs its attestation by fido-u2f wrongly',
    prefers('fido-u2f'),
    withSpoiledSignature,
  ),
  answerFault({
    id: 'attestation-enterprise-unasked',
    summary: 'says that its attestation is an enterprise attestation, though nobody asked for one',
    commands,
    when: ({ parameters }) => !parameters.has(0x0a),
    change: (answer) => answer.set(0x04, true),
  }),
  ...[1, 2].map((kind) =>
    acceptsFault({
      id: `attestation-takes-enterprise-${kind}`,
      summary: `takes a request for enterprise attestation of kind ${kind} though that is not enabled`,
      commands,
      when: ({ parameters }) => parameters.get(0x0a) === kind,
    }),
  ),
];
