/** The fingers enrolled on a key: authenticatorBioEnrollment, CTAP 2.3 §6.7. */
import {
  type BioEnrollmentParams,
  type BioEnrollmentResponse,
  bioEnrollmentAuthMessage,
  bioEnrollmentParams,
  type EnrollFeedbackName,
  enrollFeedbackName,
  FINGERPRINT_MODALITY,
  FingerprintKind,
  BioEnrollmentSubcommand as Subcommand,
  type TemplateInfo,
} from '../../ctap/commands/bio-enrollment.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import type { Ctap2Client } from './ctap2.ts';
import type { ExchangeOptions } from './device.ts';
import type { PinUvAuthToken } from './pin-uv-auth-token.ts';
import { owed } from './protocol-error.ts';
import { bioEnrollmentCommand } from './prototypes.ts';

/** Captures without a finger, one after the other, after which the user has gone. */
const IDLE_CAPTURES = 3;

export interface FingerprintSensorInfo {
  /** Undefined for a kind that the specification has no name for. */
  readonly kind: keyof typeof FingerprintKind | undefined;
  /** Good samples that an enrolment takes. */
  readonly samplesToEnroll: number;
  /** UTF-8 bytes of a name; keys of FIDO_2_1_PRE do not say. */
  readonly maxNameLength: number | undefined;
}

/** What the key thinks of one sample. */
export interface EnrollmentSample {
  /** As `FP_GOOD`; a hexadecimal text for feedback that the specification has no name for. */
  readonly feedback: EnrollFeedbackName | (string & {});
  /** Good samples that are still wanted. */
  readonly remaining: number;
}

export interface EnrollOptions extends Omit<ExchangeOptions, 'silence'> {
  /** Milliseconds that the key waits for each sample; its own patience where absent. */
  readonly sampleTimeout?: number | undefined;
  /** Told of each sample, the last one too. */
  readonly onSample?: ((sample: EnrollmentSample) => void) | undefined;
}

/** Needs a token with the permission be, but for {@link sensorInfo}. A key with the prototype command alone is driven by that. */
export class FingerprintsClient {
  readonly ctap2: Ctap2Client;
  readonly #token: PinUvAuthToken | undefined;

  constructor(ctap2: Ctap2Client, token?: PinUvAuthToken) {
    this.ctap2 = ctap2;
    this.#token = token;
  }

  async sensorInfo(): Promise<FingerprintSensorInfo> {
    const subCommand = Subcommand.getFingerprintSensorInfo;
    const answer = await this.#send({ modality: FINGERPRINT_MODALITY, subCommand });
    const names = Object.keys(FingerprintKind) as (keyof typeof FingerprintKind)[];
    return {
      kind: names.find((name) => FingerprintKind[name] === answer.fingerprintKind),
      samplesToEnroll: owed(answer.maxCaptureSamplesRequiredForEnroll, 'maxCaptureSamplesRequiredForEnroll'),
      maxNameLength: answer.maxTemplateFriendlyName,
    };
  }

  /** The enrolled fingers, in the key's order. */
  async list(): Promise<TemplateInfo[]> {
    try {
      const { templateInfos } = await this.#authorized(Subcommand.enumerateEnrollments);
      return owed(templateInfos, 'templateInfos');
    } catch (error) {
      // that no finger is enrolled is told by this status (§6.7.6)
      if (error instanceof CtapError && error.status === Status.CTAP2_ERR_INVALID_OPTION) return [];
      throw error;
    }
  }

  /**
   * Enrols the finger that the user puts on the sensor, again and again; resolves to its template id. An enrolment
   * that ends otherwise is cancelled on the key.
   * @throws CtapError CTAP2_ERR_FP_DATABASE_FULL; CTAP2_ERR_KEEPALIVE_CANCEL when aborted;
   *   CTAP2_ERR_USER_ACTION_TIMEOUT where three captures in a row saw no finger
   */
  async enroll({ sampleTimeout, onSample, ...exchange }: EnrollOptions = {}): Promise<Uint8Array> {
    const timeoutMilliseconds = sampleTimeout;
    let templateId: Uint8Array | undefined;
    try {
      for (let idle = 0; ; ) {
        if (exchange.signal?.aborted) throw new CtapError('CTAP2_ERR_KEEPALIVE_CANCEL', 'the enrolment was cancelled');
        const subCommand = templateId ? Subcommand.enrollCaptureNextSample : Subcommand.enrollBegin;
        const answer = await this.#authorized(subCommand, { templateId, timeoutMilliseconds }, exchange);
        templateId ??= owed(answer.templateId, 'templateId');
        const feedback = enrollFeedbackName(owed(answer.lastEnrollSampleStatus, 'lastEnrollSampleStatus'));
        const remaining = owed(answer.remainingSamples, 'remainingSamples');
        onSample?.({ feedback, remaining });
        if (remaining === 0) return templateId;
        idle = feedback === 'NO_USER_ACTIVITY' ? idle + 1 : 0;
        if (idle === IDLE_CAPTURES) throw new CtapError('CTAP2_ERR_USER_ACTION_TIMEOUT', 'no finger on the sensor');
      }
    } catch (error) {
      if (templateId) await this.cancel();
      throw error;
    }
  }

  /** Ends an enrolment that is under way, if any. */
  async cancel(): Promise<void> {
    await this.#send({ modality: FINGERPRINT_MODALITY, subCommand: Subcommand.cancelCurrentEnrollment });
  }

  /** @throws CtapError CTAP2_ERR_INVALID_OPTION for an unknown template, CTAP1_ERR_INVALID_LENGTH for a name too long */
  async rename(templateId: Uint8Array, name: string): Promise<void> {
    await this.#authorized(Subcommand.setFriendlyName, { templateId, templateFriendlyName: name });
  }

  /** @throws CtapError CTAP2_ERR_INVALID_OPTION for an unknown template */
  async remove(templateId: Uint8Array): Promise<void> {
    await this.#authorized(Subcommand.removeEnrollment, { templateId });
  }

  #authorized(
    subCommand: number,
    params: BioEnrollmentParams = {},
    exchange?: ExchangeOptions,
  ): Promise<BioEnrollmentResponse> {
    const encoded = bioEnrollmentParams.encode(params);
    const subCommandParams = encoded.size > 0 ? encoded : undefined;
    if (!this.#token) throw new CtapError('CTAP2_ERR_PUAT_REQUIRED', 'fingerprints are managed with a token');
    const request = {
      modality: FINGERPRINT_MODALITY,
      subCommand,
      subCommandParams,
      pinUvAuthProtocol: this.#token.protocol.version,
      pinUvAuthParam: this.#token.authenticate(
        bioEnrollmentAuthMessage(FINGERPRINT_MODALITY, subCommand, subCommandParams),
      ),
    };
    return this.#send(request, exchange);
  }

  async #send(
    request: Parameters<Ctap2Client['bioEnrollment']>[0],
    exchange?: ExchangeOptions,
  ): Promise<BioEnrollmentResponse> {
    const command = bioEnrollmentCommand(await this.ctap2.getInfo({ cached: true }));
    if (command === undefined) throw new CtapError('CTAP1_ERR_INVALID_COMMAND', 'this key has no fingerprint sensor');
    return this.ctap2.bioEnrollment(request, { ...exchange, command });
  }
}
