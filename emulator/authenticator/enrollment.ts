/** Enrolling a finger, sample by sample: CTAP 2.3 §6.7.4 and §6.7.5. */
import { equalBytes } from '../../ctap/bytes.ts';
import {
  type BioEnrollmentResponse,
  EnrollFeedback,
  type EnrollFeedbackName,
} from '../../ctap/commands/bio-enrollment.ts';
import { CtapError } from '../../ctap/status.ts';
import type { FingerprintSample } from '../environment.ts';
import type { Exchange } from '../exchange.ts';
import type { FingerprintSensor } from '../models/model.ts';
import type { Authenticator } from './authenticator.ts';
import { capture } from './built-in-uv.ts';
import type { Enrollment } from './stateful.ts';

const TEMPLATE_ID_LENGTH = 8;

/** Begins an enrolment, whatever was under way, and takes its first sample. @throws CtapError CTAP2_ERR_FP_DATABASE_FULL */
export async function beginEnrollment(
  authenticator: Authenticator,
  sensor: FingerprintSensor,
  timeout: number | undefined,
  exchange: Exchange,
): Promise<BioEnrollmentResponse> {
  authenticator.enrollment = undefined;
  if (authenticator.fingerprints.count >= sensor.maxTemplates) {
    throw new CtapError('CTAP2_ERR_FP_DATABASE_FULL', `all ${sensor.maxTemplates} places are taken`);
  }
  const templateId = authenticator.environment.random.bytes(TEMPLATE_ID_LENGTH);
  const enrollment: Enrollment = { templateId, finger: undefined, remainingSamples: sensor.samplesToEnroll };
  authenticator.enrollment = enrollment;
  return { templateId, ...(await takeSample(authenticator, enrollment, timeout, exchange)) };
}

/** Takes the next sample. @throws CtapError CTAP2_ERR_INVALID_OPTION where no enrolment of that id is under way */
export function captureNextSample(
  authenticator: Authenticator,
  templateId: Uint8Array,
  timeout: number | undefined,
  exchange: Exchange,
): Promise<BioEnrollmentResponse> {
  const { enrollment } = authenticator;
  if (!enrollment || !equalBytes(enrollment.templateId, templateId)) {
    throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'templateId: no such enrolment is under way');
  }
  return takeSample(authenticator, enrollment, timeout, exchange);
}

/** A good sample counts down; the last one stores the template. */
async function takeSample(
  authenticator: Authenticator,
  enrollment: Enrollment,
  timeoutMilliseconds: number | undefined,
  exchange: Exchange,
): Promise<BioEnrollmentResponse> {
  const { fingerprints } = authenticator;
  const templates = fingerprints.list();
  const enrolled = templates.map(({ finger }) => finger);
  const request = { purpose: 'enroll', enrolled, enrolling: enrollment.finger, timeoutMilliseconds } as const;
  const sample = await capture(authenticator, request, exchange);
  const feedback = judge(sample, enrolled, enrollment.finger);
  if (sample !== 'timeout' && feedback === 'FP_GOOD') {
    enrollment.finger = sample.finger;
    enrollment.remainingSamples--;
    if (enrollment.remainingSamples === 0) {
      authenticator.enrollment = undefined;
      const sequence = (templates.at(-1)?.sequence ?? 0) + 1;
      await fingerprints.put({ id: enrollment.templateId, finger: sample.finger, sequence });
    }
  }
  return {
    lastEnrollSampleStatus: EnrollFeedback[feedback],
    remainingSamples: enrollment.remainingSamples,
  };
}

function judge(
  sample: FingerprintSample | 'timeout',
  enrolled: readonly string[],
  enrolling: string | undefined,
): EnrollFeedbackName {
  if (sample === 'timeout') return 'NO_USER_ACTIVITY';
  if (sample.feedback !== 'FP_GOOD') return sample.feedback;
  if (enrolled.includes(sample.finger)) return 'FP_EXISTS';
  if (enrolling !== undefined && sample.finger !== enrolling) return 'FP_MERGE_FAILURE';
  return 'FP_GOOD';
}
