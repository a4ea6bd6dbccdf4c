/** Faults of enterprise attestation, where it is enabled. */
import { AuthenticatorConfigSubcommand } from '../../ctap/commands/authenticator-config.ts';
import { Command } from '../../ctap/commands/index.ts';
import { OID } from '../attestation/certificate.ts';
import * as der from '../attestation/der.ts';
import { acceptIf, aftermathFault, refuseBy } from './aftermath-faults.ts';
import {
  certificateFault,
  critical,
  extensionWith,
  isEnterprise,
  ofOtherAaguid,
  statementOf,
  valued,
  withExtension,
  withSpoiledSignature,
} from './certificate-faults.ts';
import { acceptsFault, answerFault, hearingFault, statusFault } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { Tbs } from './forged-chain.ts';

const commands = [Command.authenticatorMakeCredential];
/** Members of a response. */
const ATT_STMT = 0x03;
const EP_ATT = 0x04;
/** Member of a request. */
const KIND = 0x0a;
const VENDOR_FACILITATED = 1;
const PLATFORM_MANAGED = 2;

export const enterpriseAttestationFaults: readonly Fault[] = [
  ...[0, 3].map((kind) =>
    acceptsFault({
      id: `enterprise-attestation-takes-kind-${kind}`,
      summary: `takes a request for enterprise attestation of kind ${kind}, which there is not`,
      commands,
      refusal: 'CTAP2_ERR_INVALID_OPTION',
      when: ({ parameters }) => parameters.get(KIND) === kind,
    }),
  ),
  statusFault({
    id: 'enterprise-attestation-refuses-platform-managed',
    summary: 'refuses enterprise attestation that the platform manages, though it is enabled',
    commands,
    status: 'CTAP2_ERR_INVALID_OPTION',
    when: isEnterprise,
    given: ({ authenticator }) => authenticator.config.now.enterpriseAttestation,
  }),
  hearingFault({
    id: 'enterprise-attestation-for-any-rp',
    summary: 'names itself to relying parties that its vendor does not know',
    commands,
    when: ({ parameters }) => parameters.get(KIND) === VENDOR_FACILITATED,
    given: ({ authenticator }) => authenticator.config.now.enterpriseAttestation,
    change: (parameters) => parameters.set(KIND, PLATFORM_MANAGED),
  }),
  answerFault({
    id: 'enterprise-attestation-untold',
    summary: 'does not say that its attestation is one that names it',
    commands,
    when: isEnterprise,
    change: (answer) => {
      answer.delete(EP_ATT);
      return answer;
    },
  }),
  answerFault({
    id: 'enterprise-attestation-bad-signature',
    summary: 'signs enterprise attestation wrongly',
    commands,
    when: isEnterprise,
    change: (answer) => answer.set(ATT_STMT, withSpoiledSignature(new Map(statementOf(answer)))),
  }),
  certificateFault(
    'enterprise-certificate-without-serial',
    'attests by a certificate for enterprises that has no serial number of the key',
    { of: 'enterprise', leaf: extensionWith(OID.serialNumber, () => undefined) },
    isEnterprise,
  ),
  certificateFault(
    'enterprise-certificate-serial-critical',
    'attests by a certificate for enterprises whose extension with the serial number is critical',
    { of: 'enterprise', leaf: extensionWith(OID.serialNumber, critical) },
    isEnterprise,
  ),
  certificateFault(
    'enterprise-certificate-serial-of-other-kind',
    'attests by a certificate for enterprises whose serial number is no string of bytes',
    {
      of: 'enterprise',
      leaf: extensionWith(OID.serialNumber, valued(der.integer(Uint8Array.of(0x42)))),
    },
    isEnterprise,
  ),
  certificateFault(
    'enterprise-certificate-serial-changes',
    'attests by a certificate for enterprises with another serial number each time',
    {
      of: 'enterprise',
      leaf: (tbs) => {
        // a part of the leaf's key, which is new each time
        const serial = der.octetString(tbs[Tbs.publicKey]!.slice(-8));
        return extensionWith(OID.serialNumber, valued(serial))(tbs);
      },
    },
    isEnterprise,
  ),
  certificateFault(
    'enterprise-certificate-of-other-aaguid',
    'attests by a certificate for enterprises of another AAGUID',
    { of: 'enterprise', leaf: ofOtherAaguid },
    isEnterprise,
  ),
  certificateFault('attestation-certificate-with-serial', 'tells everybody its serial number in its certificate', {
    leaf: withExtension(OID.serialNumber, der.octetString(Uint8Array.of(0x42))),
  }),
  aftermathFault({
    id: 'enterprise-attestation-ends-without-power',
    summary: 'refuses enterprise attestation when it has been without power, though it says that it is enabled',
    commands: [Command.authenticatorConfig, ...commands],
    trigger: ({ command, parameters }) =>
      command === Command.authenticatorConfig &&
      parameters.get(0x01) === AuthenticatorConfigSubcommand.enableEnterpriseAttestation,
    powerCycle: true,
    aftermath: isEnterprise,
    change: refuseBy('CTAP1_ERR_INVALID_PARAMETER'),
  }),
  aftermathFault({
    id: 'enterprise-attestation-outlives-reset',
    summary: 'takes requests for enterprise attestation after a reset, though it says that it is not enabled',
    commands: [Command.authenticatorReset, ...commands],
    trigger: ({ command }) => command === Command.authenticatorReset,
    aftermath: isEnterprise,
    change: acceptIf('CTAP1_ERR_INVALID_PARAMETER'),
  }),
];
