/** authenticatorBioEnrollment: CTAP 2.3 §6.7. */
import { equalBytes } from '../../../ctap/bytes.ts';
import {
  bioEnrollmentRequest,
  FINGERPRINT_MODALITY,
  BioEnrollmentSubcommand as Subcommand,
} from '../../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../../ctap/commands/index.ts';
import type { StatusName } from '../../../ctap/status.ts';
import { withMember } from '../ceremony.ts';
import type { Check, CheckGroup, Needs } from '../check.ts';
import { Enrolment, sensorInfo } from '../enrolment.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { enrolling } from './bio-enrollment-capture.ts';
import { endingEnrolments } from './bio-enrollment-end.ts';
import { MANAGES, UNKNOWN } from './bio-enrollment-steps.ts';
import { parameterChecks } from './parameters.ts';

const command = Command.authenticatorBioEnrollment;

const HAS_FINGER: Needs = { finger: true, options: ['bioEnroll', 'pinUvAuthToken'] };

async function sensorInfoParameters() {
  return bioEnrollmentRequest.encode({
    modality: FINGERPRINT_MODALITY,
    subCommand: Subcommand.getFingerprintSensorInfo,
  });
}

const SENSOR: Needs = { options: ['bioEnroll'] };

const describing: readonly Check[] = [
  ...parameterChecks({
    name: 'bioEnrollment',
    command,
    section: 'CTAP 2.3 §6.7',
    table: bioEnrollmentRequest,
    members: ['modality', 'subCommand', 'subCommandParams'],
    required: ['modality', 'subCommand'],
    needs: SENSOR,
    parameters: sensorInfoParameters,
  }),
  {
    id: 'bioEnrollment.subCommand.unknown',
    section: 'CTAP 2.3 §6.7',
    statement: 'A subcommand that does not exist is refused as an invalid subcommand.',
    needs: SENSOR,
    faults: ['bio-enrollment-takes-unknown-subcommand'],
    async run(key) {
      const request = withMember(await sensorInfoParameters(), 0x02, 0x3f);
      expectStatus(await key.request(command, request), 'CTAP2_ERR_INVALID_SUBCOMMAND');
    },
  },
  {
    id: 'bioEnrollment.getModality',
    section: 'CTAP 2.3 §6.7.2',
    statement: 'getModality answers the modality 1, fingerprint.',
    needs: SENSOR,
    faults: ['bio-enrollment-other-modality'],
    async run(key) {
      const answer = await key.accepted(command, bioEnrollmentRequest.encode({ getModality: true }));
      expectEqual(answer.get(0x01), FINGERPRINT_MODALITY, 'modality');
    },
  },
  {
    id: 'bioEnrollment.sensorInfo.fingerprintKind',
    section: 'CTAP 2.3 §6.7.3',
    statement: 'fingerprintKind is 1 (touch) or 2 (swipe).',
    needs: SENSOR,
    faults: ['bio-enrollment-other-fingerprint-kind'],
    async run(key) {
      const { fingerprintKind = 0 } = await sensorInfo(key);
      expect([1, 2].includes(fingerprintKind), 'fingerprintKind 1 or 2', fingerprintKind);
    },
  },
  {
    id: 'bioEnrollment.sensorInfo.maxCaptureSamples',
    section: 'CTAP 2.3 §6.7.3',
    statement: 'maxCaptureSamplesRequiredForEnroll is at least 1.',
    needs: SENSOR,
    faults: ['bio-enrollment-wants-no-samples'],
    async run(key) {
      const { maxCaptureSamplesRequiredForEnroll: most = 0 } = await sensorInfo(key);
      expect(most >= 1, 'maxCaptureSamplesRequiredForEnroll of at least 1', most);
    },
  },
  {
    id: 'bioEnrollment.sensorInfo.maxTemplateFriendlyName',
    section: 'CTAP 2.3 §6.7.3',
    statement: 'maxTemplateFriendlyName is there, and at least 1.',
    needs: SENSOR,
    faults: ['bio-enrollment-tells-no-length-of-names'],
    async run(key) {
      const { maxTemplateFriendlyName: most = 0 } = await sensorInfo(key);
      expect(most >= 1, 'maxTemplateFriendlyName of at least 1', most);
    },
  },
];

interface Refused {
  readonly name: string;
  readonly fault: string;
  readonly section: string;
  readonly statement: string;
  readonly status: StatusName;
  readonly needs?: Needs;
  readonly request: (enrolment: Enrolment, templateId: Uint8Array) => Promise<{ status: number; body: Uint8Array }>;
}

const NAME = 'left thumb';

/** Bytes of the longest name that most keys take: what a key says of itself may be wrong. */
const LONG_NAME = 64;

const refused: readonly Refused[] = [
  {
    name: 'enumerate.none',
    fault: 'bio-enrollment-enumerates-nothing',
    section: 'CTAP 2.3 §6.7.6',
    statement: 'enumerateEnrollments is refused where no finger is enrolled.',
    status: 'CTAP2_ERR_INVALID_OPTION',
    needs: MANAGES,
    request: (enrolment) => enrolment.request(Subcommand.enumerateEnrollments),
  },
  {
    name: 'setFriendlyName.long',
    fault: 'bio-enrollment-takes-long-names',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'A name longer than maxTemplateFriendlyName is refused for its length.',
    status: 'CTAP1_ERR_INVALID_LENGTH',
    request: async (enrolment, templateId) => {
      const { maxTemplateFriendlyName: most = 64 } = await sensorInfo(enrolment.key);
      const templateFriendlyName = 'n'.repeat(Math.max(most, LONG_NAME) + 1);
      return enrolment.request(Subcommand.setFriendlyName, { templateId, templateFriendlyName });
    },
  },
  {
    name: 'setFriendlyName.unknown',
    fault: 'bio-enrollment-names-unknown-templates',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'setFriendlyName is refused for a template that there is not.',
    status: 'CTAP2_ERR_INVALID_OPTION',
    request: (enrolment) =>
      enrolment.request(Subcommand.setFriendlyName, { templateId: UNKNOWN, templateFriendlyName: NAME }),
  },
  {
    name: 'setFriendlyName.templateId.missing',
    fault: 'bio-enrollment-names-no-template',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'setFriendlyName without templateId is refused as one with a parameter missing.',
    status: 'CTAP2_ERR_MISSING_PARAMETER',
    request: (enrolment) => enrolment.request(Subcommand.setFriendlyName, { templateFriendlyName: NAME }),
  },
  {
    name: 'setFriendlyName.templateFriendlyName.missing',
    fault: 'bio-enrollment-names-without-name',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'setFriendlyName without a name is refused as one with a parameter missing.',
    status: 'CTAP2_ERR_MISSING_PARAMETER',
    request: (enrolment, templateId) => enrolment.request(Subcommand.setFriendlyName, { templateId }),
  },
  {
    name: 'remove.unknown',
    fault: 'bio-enrollment-removes-unknown-templates',
    section: 'CTAP 2.3 §6.7.8',
    statement: 'removeEnrollment is refused for a template that there is not.',
    status: 'CTAP2_ERR_INVALID_OPTION',
    request: (enrolment) => enrolment.request(Subcommand.removeEnrollment, { templateId: UNKNOWN }),
  },
  {
    name: 'remove.templateId.missing',
    fault: 'bio-enrollment-removes-no-template',
    section: 'CTAP 2.3 §6.7.8',
    statement: 'removeEnrollment without templateId is refused as one with a parameter missing.',
    status: 'CTAP2_ERR_MISSING_PARAMETER',
    request: (enrolment) => enrolment.request(Subcommand.removeEnrollment, {}),
  },
];

const refusals = refused.map(
  ({ name, fault, section, statement, status, needs = HAS_FINGER, request }): Check => ({
    id: `bioEnrollment.${name}`,
    section,
    statement,
    needs,
    faults: [fault],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const [template] = await enrolment.templates();
      expectStatus(await request(enrolment, template?.templateId ?? UNKNOWN), status);
    },
  }),
);

const unauthorized = (
  [
    ['enrollBegin', 'begins'],
    ['enrollCaptureNextSample', 'goes-on'],
    ['setFriendlyName', 'names'],
    ['removeEnrollment', 'removes'],
  ] as const
).map(
  ([name, fault]): Check => ({
    id: `bioEnrollment.${name}.pinUvAuthParam.missing`,
    section: 'CTAP 2.3 §6.7',
    statement: `${name} without a pinUvAuthParam asks for one.`,
    needs: HAS_FINGER,
    faults: [`bio-enrollment-${fault}-without-token`, 'bio-enrollment-needs-no-token'],
    async run(key) {
      const params = { templateId: UNKNOWN, templateFriendlyName: NAME };
      const request = (await Enrolment.open(key)).parameters(Subcommand[name], params);
      const bare = withMember(withMember(request, 0x04, undefined), 0x05, undefined);
      expectStatus(await key.request(command, bare), 'CTAP2_ERR_PUAT_REQUIRED');
    },
  }),
);

/** The enrolled finger gets that name. */
async function rename(key: Subject, templateFriendlyName: string): Promise<Enrolment> {
  const enrolment = await Enrolment.open(key);
  const [template] = await enrolment.templates();
  const templateId = template?.templateId ?? UNKNOWN;
  expectOk(await enrolment.request(Subcommand.setFriendlyName, { templateId, templateFriendlyName }));
  return enrolment;
}

const NAMED: Needs = { ...HAS_FINGER, spoils: true };

const naming: readonly Check[] = [
  {
    id: 'bioEnrollment.setFriendlyName.told',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'enumerateEnrollments tells the name that was set.',
    needs: NAMED,
    faults: ['bio-enrollment-keeps-the-old-name'],
    async run(key) {
      const [template] = await (await rename(key, NAME)).templates();
      expectEqual(template?.templateFriendlyName, NAME, 'templateFriendlyName');
    },
  },
  {
    id: 'bioEnrollment.setFriendlyName.survivesPowerCycle',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'The name that was set is kept when the key has been without power.',
    needs: NAMED,
    faults: ['bio-enrollment-forgets-names-without-power'],
    async run(key) {
      await rename(key, NAME);
      await key.replug();
      const [template] = await (await Enrolment.open(key)).templates();
      expectEqual(template?.templateFriendlyName, NAME, 'templateFriendlyName');
    },
  },
  {
    id: 'bioEnrollment.setFriendlyName.longest',
    section: 'CTAP 2.3 §6.7.7',
    statement: 'A name of maxTemplateFriendlyName bytes is taken.',
    needs: NAMED,
    faults: ['bio-enrollment-refuses-the-longest-name'],
    async run(key) {
      const { maxTemplateFriendlyName: most = 0 } = await sensorInfo(key);
      await rename(key, 'n'.repeat(most));
    },
  },
  {
    id: 'bioEnrollment.remove.gone',
    section: 'CTAP 2.3 §6.7.8',
    statement: 'A template that was removed is not told any more.',
    needs: NAMED,
    faults: ['bio-enrollment-still-tells-what-was-removed'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const [template] = await enrolment.templates();
      const templateId = template?.templateId ?? UNKNOWN;
      expectOk(await enrolment.request(Subcommand.removeEnrollment, { templateId }));
      const left = await enrolment.templates();
      expect(!left.some((other) => equalBytes(other.templateId, templateId)), 'the template gone', templateId);
    },
  },
  {
    id: 'bioEnrollment.remove.bioEnroll',
    section: 'CTAP 2.3 §6.4',
    statement: 'Once the last finger is removed, the option bioEnroll is false.',
    needs: NAMED,
    faults: ['bio-enrollment-leaves-bio-enroll-true'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      for (const { templateId } of await enrolment.templates()) {
        expectOk(await enrolment.request(Subcommand.removeEnrollment, { templateId }));
      }
      expectEqual((await key.ctap2.getInfo()).options?.bioEnroll, false, 'the option bioEnroll');
    },
  },
];

export const bioEnrollmentChecks: CheckGroup = {
  name: 'authenticatorBioEnrollment',
  checks: [...describing, ...enrolling, ...endingEnrolments, ...refusals, ...unauthorized, ...naming],
};
