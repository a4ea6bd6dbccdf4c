/** Enrolling a finger, sample by sample: CTAP 2.3 §6.7.4. */
import { equalBytes } from '../../../ctap/bytes.ts';
import { BioEnrollmentSubcommand as Subcommand } from '../../../ctap/commands/bio-enrollment.ts';
import type { Check, Needs } from '../check.ts';
import { cancel, Enrolment, MAX_SAMPLES, sensorInfo } from '../enrolment.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import type { Subject } from '../subject.ts';
import { MANAGES, UNKNOWN } from './bio-enrollment-steps.ts';

/** An enrolment's touches. */
const SAMPLES = 5;

const ENROLS: Needs = { ...MANAGES, touches: SAMPLES, spoils: true };

const GOOD = 0;

/** As the sensor says; a key that says none is judged by another check. */
async function samplesWanted(key: Subject): Promise<number> {
  const { maxCaptureSamplesRequiredForEnroll: most = 0 } = await sensorInfo(key);
  return most > 0 ? most : MAX_SAMPLES;
}

export const enrolling: readonly Check[] = [
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
