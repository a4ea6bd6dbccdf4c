/** How an enrolment ends before it is whole, and what it leaves behind: CTAP 2.3 §6.7.4, §6.7.5. */
import { BioEnrollmentSubcommand as Subcommand } from '../../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Status } from '../../../ctap/status.ts';
import { answerWithin } from '../answer-within.ts';
import type { Check } from '../check.ts';
import { cancel, Enrolment, read } from '../enrolment.ts';
import { expect, expectEqual, expectOk, expectStatus } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import type { Subject } from '../subject.ts';
import { untouched } from '../touch.ts';
import { MANAGES, UNKNOWN } from './bio-enrollment-steps.ts';

const BEGINNING = 'CTAP 2.3 §6.7.4';
const GOING_ON = 'CTAP 2.3 §6.7.5';
const command = Command.authenticatorBioEnrollment;
/** CTAP2_ENROLL_FEEDBACK_FP_GOOD */
const GOOD = 0;
/** Milliseconds that the key is asked to wait for a finger. */
const BRIEF = 2000;
/** Longer than any key waits for a finger, in seconds. */
const PATIENCE = 60;

const fingers = async (key: Subject) => (await (await Enrolment.open(key)).templates()).length;

/** A sample that nobody gives, within a brief time; what the key says of it, undefined where it is a refusal. */
async function unanswered(enrolment: Enrolment, subCommand: number, templateId?: Uint8Array) {
  const { key } = enrolment;
  key.user('absent');
  const answering = enrolment.request(subCommand, { timeoutMilliseconds: BRIEF, templateId });
  await answerWithin(key, answering, PATIENCE);
  const answer = await answering;
  key.user('touches');
  return answer.status === Status.CTAP2_OK && answer.body.length > 0 ? read(answer) : undefined;
}

export const endingEnrolments: readonly Check[] = [
  {
    id: 'bioEnrollment.cancel.leavesNothing',
    section: BEGINNING,
    statement: 'A cancelled enrolment leaves no finger behind.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-tells-of-cancelled-ones'],
    async run(key) {
      const before = await fingers(key);
      await (await Enrolment.open(key)).begin();
      await cancel(key);
      expectEqual(await fingers(key), before, 'the number of enrolled fingers');
    },
  },
  {
    id: 'bioEnrollment.begun.powerCycle.leavesNothing',
    section: BEGINNING,
    statement: 'An enrolment that ends with the power leaves no finger behind.',
    needs: { ...MANAGES, touches: 1 },
    faults: ['bio-enrollment-tells-of-unfinished-ones'],
    async run(key) {
      const before = await fingers(key);
      await (await Enrolment.open(key)).begin();
      await key.replug();
      expectEqual(await fingers(key), before, 'the number of enrolled fingers');
    },
  },
  {
    id: 'bioEnrollment.cancel.none',
    section: BEGINNING,
    statement: 'cancelCurrentEnrollment succeeds where no enrolment is under way.',
    severity: 'warning',
    needs: MANAGES,
    faults: ['bio-enrollment-refuses-to-cancel-nothing', 'bio-enrollment-cancels-only-with-token'],
    run: async (key) => expectOk(await cancel(key)),
  },
  {
    id: 'bioEnrollment.enrollBegin.again',
    section: BEGINNING,
    statement: 'An enrolment that is begun while one is under way ends that one.',
    needs: { ...MANAGES, touches: 2 },
    faults: ['bio-enrollment-goes-on-with-the-one-before', 'bio-enrollment-goes-on-with-any-template'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId = UNKNOWN } = await enrolment.begin();
      await enrolment.begin();
      const answer = await enrolment.request(Subcommand.enrollCaptureNextSample, { templateId });
      await cancel(key);
      expectStatus(answer, 'CTAP2_ERR_INVALID_OPTION');
    },
  },
  {
    id: 'bioEnrollment.enrollBegin.cancel',
    section: 'CTAP 2.3 §11.2.9.1.5',
    statement: 'CTAPHID_CANCEL ends the wait for a first sample as cancelled.',
    needs: { ...MANAGES, carrier: 'hid' },
    faults: ['bio-enrollment-cancel-as-timeout'],
    async run(key) {
      const { asked, answer } = await untouched(
        key,
        command,
        (await Enrolment.open(key)).parameters(Subcommand.enrollBegin),
      );
      await cancel(key);
      if (!asked) throw new NotApplicable('the key tells no platform that it waits for a finger');
      expectStatus(answer, 'CTAP2_ERR_KEEPALIVE_CANCEL');
    },
  },
  {
    id: 'bioEnrollment.enrollBegin.timeout',
    section: BEGINNING,
    statement: 'Where nobody comes within timeoutMilliseconds, the first sample is not told as a good one.',
    needs: { ...MANAGES, seconds: PATIENCE },
    faults: ['bio-enrollment-praises-no-finger'],
    async run(key) {
      const answer = await unanswered(await Enrolment.open(key), Subcommand.enrollBegin);
      await cancel(key);
      expect(answer?.lastEnrollSampleStatus !== GOOD, 'feedback on a sample that nobody gave', GOOD);
    },
  },
  {
    id: 'bioEnrollment.next.timeout',
    section: GOING_ON,
    statement: 'A further sample that nobody gives within timeoutMilliseconds does not count.',
    needs: { ...MANAGES, touches: 2, seconds: PATIENCE },
    faults: ['bio-enrollment-counts-no-finger', 'bio-enrollment-counts-bad-samples'],
    async run(key) {
      const enrolment = await Enrolment.open(key);
      const { templateId = UNKNOWN } = await enrolment.begin();
      const { remainingSamples: before } = await enrolment.next(templateId);
      const answer = await unanswered(enrolment, Subcommand.enrollCaptureNextSample, templateId);
      await cancel(key);
      if (answer !== undefined) expectEqual(answer.remainingSamples, before, 'remainingSamples');
    },
  },
];
