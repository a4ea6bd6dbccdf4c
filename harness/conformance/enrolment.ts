/** authenticatorBioEnrollment as a proper platform sends it (CTAP 2.3 §6.7). */
import type { CborMap } from '../../ctap/cbor.ts';
import {
  type BioEnrollmentParams,
  type BioEnrollmentResponse,
  bioEnrollmentAuthMessage,
  bioEnrollmentParams,
  bioEnrollmentRequest,
  bioEnrollmentResponse,
  FINGERPRINT_MODALITY,
  BioEnrollmentSubcommand as Subcommand,
} from '../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import type { PinUvAuthToken } from '../client/pin-uv-auth-token.ts';
import type { Answer } from './answer.ts';
import { paramsOf } from './ceremony.ts';
import { expect } from './expect.ts';
import { responseOf } from './response.ts';
import type { Subject } from './subject.ts';

/** More than any sensor wants of one finger. */
export const MAX_SAMPLES = 30;

const NO_TEMPLATE = new Uint8Array(0);

/** Sends the subcommands, with one token. */
export class Enrolment {
  readonly key: Subject;
  readonly #token: PinUvAuthToken;

  private constructor(key: Subject, token: PinUvAuthToken) {
    this.key = key;
    this.#token = token;
  }

  static async open(key: Subject): Promise<Enrolment> {
    return new Enrolment(key, await key.token(Permission.bioEnrollment));
  }

  parameters(subCommand: number, params?: BioEnrollmentParams): CborMap {
    const subCommandParams = params && bioEnrollmentParams.encode(params);
    const message = bioEnrollmentAuthMessage(FINGERPRINT_MODALITY, subCommand, subCommandParams);
    const modality = FINGERPRINT_MODALITY;
    return bioEnrollmentRequest.encode({ modality, subCommand, subCommandParams, ...paramsOf(this.#token, message) });
  }

  request(subCommand: number, params?: BioEnrollmentParams): Promise<Answer> {
    return this.key.request(Command.authenticatorBioEnrollment, this.parameters(subCommand, params));
  }

  async accepted(subCommand: number, params?: BioEnrollmentParams): Promise<BioEnrollmentResponse> {
    return read(await this.request(subCommand, params));
  }

  begin(): Promise<BioEnrollmentResponse> {
    return this.accepted(Subcommand.enrollBegin);
  }

  next(templateId: Uint8Array): Promise<BioEnrollmentResponse> {
    return this.accepted(Subcommand.enrollCaptureNextSample, { templateId });
  }

  cancel(): Promise<Answer> {
    return cancel(this.key);
  }

  /** Enrols a finger; its template, and how many samples it took. */
  async enrol(): Promise<{ templateId: Uint8Array; samples: number }> {
    const first = await this.begin();
    const { templateId = NO_TEMPLATE } = first;
    let { remainingSamples } = first;
    for (let samples = 1; samples <= MAX_SAMPLES; samples++) {
      if (remainingSamples === 0) return { templateId, samples };
      ({ remainingSamples } = await this.next(templateId));
    }
    expect(false, `an enrolment of at most ${MAX_SAMPLES} samples`);
  }

  /** The enrolled fingers: template id in order, and name. */
  async templates(): Promise<{ templateId: Uint8Array; templateFriendlyName?: string | undefined }[]> {
    const answer = await this.request(Subcommand.enumerateEnrollments);
    return answer.status === 0 ? (read(answer).templateInfos ?? []) : [];
  }
}

/** What the key says of an enrolment. @throws CheckFailure for a refusal */
export function read(answer: Answer): BioEnrollmentResponse {
  return bioEnrollmentResponse.decode(responseOf(answer), 'authenticatorBioEnrollment response');
}

/** Ends an enrolment; this takes no token. */
export function cancel(key: Subject): Promise<Answer> {
  const request = { modality: FINGERPRINT_MODALITY, subCommand: Subcommand.cancelCurrentEnrollment };
  return key.request(Command.authenticatorBioEnrollment, bioEnrollmentRequest.encode(request));
}

/** What the sensor says of itself; this takes no token. */
export async function sensorInfo(key: Subject): Promise<BioEnrollmentResponse> {
  const request = { modality: FINGERPRINT_MODALITY, subCommand: Subcommand.getFingerprintSensorInfo };
  const answer = await key.accepted(Command.authenticatorBioEnrollment, bioEnrollmentRequest.encode(request));
  return bioEnrollmentResponse.decode(answer, 'authenticatorBioEnrollment response');
}
