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
import { cancel, Enrolment, MAX_SAMPLES, sensorInfo } from '../enrolment.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { parameterChecks } from './parameters.ts';

const command = Command.authenticatorBioEnrollment;
const MANAGES: Needs = { pin: true, options: ['bioEnroll', 'pinUvAuthToken'] };
/** An enrolment's touches. */
const SAMPLES = 5;
const ENROLS: Needs = { ...MANAGES, touches: SAMPLES, spoils: true };
const HAS_FINGER: Needs = { finger: true, options: ['bioEnroll', 'pinUvAuthToken'] };
const UNKNOWN = Uint8Array.of(0xde, 0xad);

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

const GOOD = 0;

/** As the sensor says; a key that says none is judged by another check. */
async function samplesWanted(key: Subject): Promise<number> {
  const { maxCaptureSamplesRequiredForEnroll: most = 0 } = await sensorInfo(key);
  return most > 0 ? most : MAX_SAMPLES;
}

const enrolling: readonly Check[] = [
  {
    id: 'bioEnrollment.enrollBegin.status',
    section: 'CTAP 2.3 §6.7.4',
    statement: 'A good first sample is told as one.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-complains-of-the-first-sample'],
    async run(key) {
      const { lastEnrollSampleStatus } = await (await Enrolment.open(key)).begin();
      await cancel(key);
      expectEqual(lastEnrollSampleStatus, GOOD, 'lastEnrollSampleStatus');
    },
  },
  {
    id: 'bioEnrollment.enrollBegin.remainingSamples',
    section: 'CTAP 2.3 §6.7.4',
    statement: 'After the first good sample fewer are wanted than the sensor says.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-does-not-count-the-first-sample'],
    async run(key) {
      const most = await samplesWanted(key);
      const { remainingSamples = most } = await (await Enrolment.open(key)).begin();
      await cancel(key);
      expect(remainingSamples < most, `fewer than ${most} remaining samples`, remainingSamples);
    },
  },
  {
    id: 'bioEnrollment.next.remainingSamples',
    section: 'CTAP 2.3 §6.7.5',
    statement: 'A further good sample lessens what is wanted.',
    needs: { ...MANAGES, touches: 2 },
    faults: ['bio-enrollment-counts-further-samples-up'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId = UNKNOWN, remainingSamples: before = 0 } = await enrolment.begin();
      const { remainingSamples: after = before } = await enrolment.next(templateId);
      await cancel(key);
      expect(after < before, `fewer than ${before} remaining samples`, after);
    },
  },
  {
    id: 'bioEnrollment.next.feedback',
    section: 'CTAP 2.3 §6.7.5',
    statement: 'A sample that is not good is told as one.',
    needs: { ...MANAGES, touches: 2 },
    faults: ['bio-enrollment-praises-bad-samples'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId = UNKNOWN } = await enrolment.begin();
      key.bench.finger('other', 'FP_TOO_SHORT');
      const { lastEnrollSampleStatus } = await enrolment.next(templateId);
      await cancel(key);
      expect(lastEnrollSampleStatus !== GOOD, 'feedback on a bad sample', lastEnrollSampleStatus);
    },
  },
  {
    id: 'bioEnrollment.next.bad',
    section: 'CTAP 2.3 §6.7.5',
    statement: 'A sample that is not good does not count.',
    needs: { ...MANAGES, touches: 3 },
    faults: ['bio-enrollment-counts-bad-samples'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId = UNKNOWN } = await enrolment.begin();
      const { remainingSamples: before } = await enrolment.next(templateId);
      key.bench.finger('other', 'FP_TOO_SHORT');
      const { remainingSamples: after } = await enrolment.next(templateId);
      await cancel(key);
      expectEqual(after, before, 'remainingSamples');
    },
  },
  {
    id: 'bioEnrollment.enrolled.templateId',
    section: 'CTAP 2.3 §6.7.6',
    statement: 'enumerateEnrollments tells the template that has been enrolled.',
    needs: ENROLS,
    faults: ['bio-enrollment-tells-other-template-ids'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId } = await enrolment.enrol();
      const found = (await enrolment.templates()).some((template) => equalBytes(template.templateId, templateId));
      expect(found, 'the template among those that are told');
    },
  },
  {
    id: 'bioEnrollment.enrolled.samples',
    section: 'CTAP 2.3 §6.7.3',
    statement: 'An enrolment of good samples takes no more of them than the sensor says.',
    needs: ENROLS,
    faults: ['bio-enrollment-wants-more-samples-than-it-says'],
    async run(key) {
      const most = await samplesWanted(key);
      const { samples } = await (await Enrolment.open(key)).enrol();
      expect(samples <= most, `at most ${most} samples`, samples);
    },
  },
  ...(['bioEnroll', 'uv'] as const).map(
    (option): Check => ({
      id: `bioEnrollment.enrolled.${option}`,
      section: 'CTAP 2.3 §6.4',
      statement: `Once a finger is enrolled, the option ${option} is true.`,
      needs: ENROLS,
      faults: [option === 'uv' ? 'bio-enrollment-leaves-uv-false' : 'bio-enrollment-leaves-bio-enroll-false'],
      async run(key) {
        await (await Enrolment.open(key)).enrol();
        expectEqual((await key.ctap2.getInfo()).options?.[option], true, `the option ${option}`);
      },
    }),
  ),
  {
    id: 'bioEnrollment.next.otherTemplate',
    section: 'CTAP 2.3 §6.7.5',
    statement: 'A sample for another template than the one under way is refused.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-goes-on-with-any-template'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      await enrolment.begin();
      const answer = await enrolment.request(Subcommand.enrollCaptureNextSample, { templateId: UNKNOWN });
      await cancel(key);
      expectStatus(answer, 'CTAP2_ERR_INVALID_OPTION');
    },
  },
  {
    id: 'bioEnrollment.next.unbegun',
    section: 'CTAP 2.3 §6.7.5',
    statement: 'A sample is refused where no enrolment has begun.',
    needs: MANAGES,
    faults: ['bio-enrollment-goes-on-with-nothing'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const answer = await enrolment.request(Subcommand.enrollCaptureNextSample, { templateId: UNKNOWN });
      expectStatus(answer, 'CTAP2_ERR_INVALID_OPTION');
    },
  },
  {
    id: 'bioEnrollment.next.cancelled',
    section: 'CTAP 2.3 §6.7.4, §6.7.5',
    statement: 'A cancelled enrolment does not go on.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-goes-on-with-a-cancelled-one'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId = UNKNOWN } = await enrolment.begin();
      await cancel(key);
      const answer = await enrolment.request(Subcommand.enrollCaptureNextSample, { templateId });
      expectStatus(answer, 'CTAP2_ERR_INVALID_OPTION');
    },
  },
  {
    id: 'bioEnrollment.next.powerCycle',
    section: 'CTAP 2.3 §6.7.5',
    statement: 'An enrolment under way ends with the power.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-goes-on-after-power-cycle'],
    async run(key) {
      const { templateId = UNKNOWN } = await (await Enrolment.open(key)).begin();
      await key.replug();
      const enrolment = await Enrolment.open(key);
      const answer = await enrolment.request(Subcommand.enrollCaptureNextSample, { templateId });
      expectStatus(answer, 'CTAP2_ERR_INVALID_OPTION');
    },
  },
  {
    id: 'bioEnrollment.cancel.token',
    section: 'CTAP 2.3 §6.7.4',
    statement: 'cancelCurrentEnrollment needs no pinUvAuthParam.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-cancels-only-with-token'],
    async run(key) {
      await (await Enrolment.open(key)).begin();
      expectOk(await cancel(key));
    },
  },
  {
    id: 'bioEnrollment.full',
    section: 'CTAP 2.3 §6.7.4',
    statement: 'An enrolment for which there is no room is refused as one.',
    needs: { ...ENROLS, touches: 5 * SAMPLES },
    faults: ['bio-enrollment-begins-without-room'],
    async run(key) {
      let answer = await (await Enrolment.open(key)).request(Subcommand.enrollBegin);
      for (let fingers = 0; answer.status === GOOD && answer.body.length > 0 && fingers < 20; fingers++) {
        const enrolment = await Enrolment.open(key);
        await enrolment.enrol();
        answer = await enrolment.request(Subcommand.enrollBegin);
      }
      expectStatus(answer, 'CTAP2_ERR_FP_DATABASE_FULL');
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
  checks: [...describing, ...enrolling, ...refusals, ...unauthorized, ...naming],
};
