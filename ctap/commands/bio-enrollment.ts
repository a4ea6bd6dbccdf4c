/** authenticatorBioEnrollment (0x09): CTAP 2.3 §6.7. */
import { concat } from '../bytes.ts';
import { type CborMap, encodeCbor } from '../cbor.ts';
import { array, bool, bytes, type Infer, map, message, optional, required, text, uint } from '../schema.ts';

export const BioEnrollmentSubcommand = {
  enrollBegin: 0x01,
  enrollCaptureNextSample: 0x02,
  cancelCurrentEnrollment: 0x03,
  enumerateEnrollments: 0x04,
  setFriendlyName: 0x05,
  removeEnrollment: 0x06,
  getFingerprintSensorInfo: 0x07,
} as const;

/** The one modality there is. */
export const FINGERPRINT_MODALITY = 0x01;

export const FingerprintKind = { touch: 0x01, swipe: 0x02 } as const;

/** lastEnrollSampleStatus (§6.7.2, "CTAP2_ENROLL_FEEDBACK_..."); 0x0C is not used. */
export const EnrollFeedback = {
  FP_GOOD: 0x00,
  FP_TOO_HIGH: 0x01,
  FP_TOO_LOW: 0x02,
  FP_TOO_LEFT: 0x03,
  FP_TOO_RIGHT: 0x04,
  FP_TOO_FAST: 0x05,
  FP_TOO_SLOW: 0x06,
  FP_POOR_QUALITY: 0x07,
  FP_TOO_SKEWED: 0x08,
  FP_TOO_SHORT: 0x09,
  FP_MERGE_FAILURE: 0x0a,
  FP_EXISTS: 0x0b,
  NO_USER_ACTIVITY: 0x0d,
  NO_USER_PRESENCE_TRANSITION: 0x0e,
} as const;
export type EnrollFeedbackName = keyof typeof EnrollFeedback;

const feedbackNames = new Map<number, string>(Object.entries(EnrollFeedback).map(([name, code]) => [code, name]));

/** The specification's name of a lastEnrollSampleStatus, or its hexadecimal value. */
export function enrollFeedbackName(code: number): string {
  return feedbackNames.get(code) ?? `feedback 0x${code.toString(16).padStart(2, '0')}`;
}

export const bioEnrollmentRequest = message('authenticatorBioEnrollment', {
  modality: optional(0x01, uint),
  subCommand: optional(0x02, uint),
  /** Left as it came: pinUvAuthParam authenticates its very bytes. Read with {@link bioEnrollmentParams}. */
  subCommandParams: optional(0x03, map),
  pinUvAuthProtocol: optional(0x04, uint),
  pinUvAuthParam: optional(0x05, bytes()),
  /** Asks for the modality alone. */
  getModality: optional(0x06, bool),
});
export type BioEnrollmentRequest = Infer<typeof bioEnrollmentRequest>;

export const bioEnrollmentParams = message('authenticatorBioEnrollment.subCommandParams', {
  templateId: optional(0x01, bytes()),
  templateFriendlyName: optional(0x02, text),
  timeoutMilliseconds: optional(0x03, uint),
});
export type BioEnrollmentParams = Infer<typeof bioEnrollmentParams>;

/** One enrolled finger. */
export const templateInfo = message('templateInfo', {
  templateId: required(0x01, bytes()),
  templateFriendlyName: optional(0x02, text),
});
export type TemplateInfo = Infer<typeof templateInfo>;

export const bioEnrollmentResponse = message('authenticatorBioEnrollment response', {
  modality: optional(0x01, uint),
  fingerprintKind: optional(0x02, uint),
  maxCaptureSamplesRequiredForEnroll: optional(0x03, uint),
  templateId: optional(0x04, bytes()),
  lastEnrollSampleStatus: optional(0x05, uint),
  remainingSamples: optional(0x06, uint),
  templateInfos: optional(0x07, array(templateInfo)),
  maxTemplateFriendlyName: optional(0x08, uint),
});
export type BioEnrollmentResponse = Infer<typeof bioEnrollmentResponse>;

/** What pinUvAuthParam authenticates. */
export function bioEnrollmentAuthMessage(
  modality: number,
  subCommand: number,
  params: CborMap | undefined,
): Uint8Array {
  const prefix = Uint8Array.of(modality, subCommand);
  return params ? concat(prefix, encodeCbor(params)) : prefix;
}
