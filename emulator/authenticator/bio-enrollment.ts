/** authenticatorBioEnrollment and its prototype twin: CTAP 2.3 §6.7, one function for each subcommand. */
import { utf8 } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  type BioEnrollmentParams,
  type BioEnrollmentRequest,
  type BioEnrollmentResponse,
  bioEnrollmentAuthMessage,
  bioEnrollmentParams,
  bioEnrollmentRequest,
  bioEnrollmentResponse,
  FINGERPRINT_MODALITY,
  FingerprintKind,
  BioEnrollmentSubcommand as Subcommand,
} from '../../ctap/commands/bio-enrollment.ts';
import { Permission } from '../../ctap/pin-uv-auth/index.ts';
import { CtapError } from '../../ctap/status.ts';
import type { Exchange } from '../exchange.ts';
import type { FingerprintSensor } from '../models/model.ts';
import type { Authenticator } from './authenticator.ts';
import { beginEnrollment, captureNextSample } from './enrollment.ts';
import type { Template } from './fingerprints.ts';
import { requireParam, requireToken } from './pin-uv-auth-param.ts';

interface Context {
  readonly authenticator: Authenticator;
  readonly sensor: FingerprintSensor;
  readonly params: BioEnrollmentParams;
  readonly exchange: Exchange;
}

interface Entry {
  readonly run: (context: Context) => Promise<BioEnrollmentResponse> | BioEnrollmentResponse;
  /** The parameters that must be there, checked before the token. */
  readonly needs: readonly (keyof BioEnrollmentParams)[];
  readonly needsToken: boolean;
}

const subcommands = new Map<number, Entry>([
  [Subcommand.enrollBegin, { run: enrollBegin, needs: [], needsToken: true }],
  [Subcommand.enrollCaptureNextSample, { run: enrollNext, needs: ['templateId'], needsToken: true }],
  [Subcommand.cancelCurrentEnrollment, { run: cancelEnrollment, needs: [], needsToken: false }],
  [Subcommand.enumerateEnrollments, { run: enumerateEnrollments, needs: [], needsToken: true }],
  [
    Subcommand.setFriendlyName,
    { run: setFriendlyName, needs: ['templateId', 'templateFriendlyName'], needsToken: true },
  ],
  [Subcommand.removeEnrollment, { run: removeEnrollment, needs: ['templateId'], needsToken: true }],
  [Subcommand.getFingerprintSensorInfo, { run: getSensorInfo, needs: [], needsToken: false }],
]);

export async function bioEnrollment(
  authenticator: Authenticator,
  value: CborValue,
  exchange: Exchange,
  command: number,
): Promise<CborMap | undefined> {
  const request = bioEnrollmentRequest.decode(value, 'authenticatorBioEnrollment');
  const sensor = authenticator.model.fingerprints;
  if (!sensor) throw new CtapError('CTAP1_ERR_INVALID_COMMAND', 'this key has no fingerprint sensor');
  if (request.getModality) return bioEnrollmentResponse.encode({ modality: FINGERPRINT_MODALITY });
  const entry = find(request);
  if (entry.needsToken) requireParam(request);
  assertModality(request);
  const params = request.subCommandParams
    ? bioEnrollmentParams.decode(request.subCommandParams, 'authenticatorBioEnrollment.subCommandParams')
    : {};
  for (const member of entry.needs) {
    if (params[member] === undefined) {
      throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', `subCommandParams.${member} is missing`);
    }
  }
  assertName(sensor, params); // before the token is looked at (§6.7.7)
  if (entry.needsToken) {
    const message = bioEnrollmentAuthMessage(FINGERPRINT_MODALITY, request.subCommand!, request.subCommandParams);
    requireToken(authenticator, request, message, Permission.bioEnrollment, command);
  }
  const response = bioEnrollmentResponse.encode(await entry.run({ authenticator, sensor, params, exchange }));
  return response.size > 0 ? response : undefined;
}

function find({ subCommand }: BioEnrollmentRequest): Entry {
  if (subCommand === undefined) throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'subCommand is missing');
  const entry = subcommands.get(subCommand);
  if (entry) return entry;
  throw new CtapError('CTAP2_ERR_INVALID_SUBCOMMAND', `authenticatorBioEnrollment has no subcommand ${subCommand}`);
}

function assertModality({ modality }: BioEnrollmentRequest): void {
  if (modality === undefined) throw new CtapError('CTAP2_ERR_MISSING_PARAMETER', 'modality is missing');
  if (modality === FINGERPRINT_MODALITY) return;
  throw new CtapError('CTAP1_ERR_INVALID_PARAMETER', `modality: expected 1 (fingerprint), got ${modality}`);
}

function enrollBegin({ authenticator, sensor, params, exchange }: Context): Promise<BioEnrollmentResponse> {
  return beginEnrollment(authenticator, sensor, params.timeoutMilliseconds, exchange);
}

function enrollNext({ authenticator, params, exchange }: Context): Promise<BioEnrollmentResponse> {
  return captureNextSample(authenticator, params.templateId!, params.timeoutMilliseconds, exchange);
}

function cancelEnrollment({ authenticator }: Context): BioEnrollmentResponse {
  authenticator.enrollment = undefined;
  return {};
}

function enumerateEnrollments({ authenticator }: Context): BioEnrollmentResponse {
  const templates = authenticator.fingerprints.list();
  if (templates.length === 0) throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'no finger is enrolled');
  // a finger without a name has an empty one: python-fido2 reads the member of every template
  const templateInfos = templates.map(({ id, friendlyName = '' }) => ({
    templateId: id,
    templateFriendlyName: friendlyName,
  }));
  return { templateInfos };
}

function findTemplate({ authenticator, params }: Context): Template {
  const template = authenticator.fingerprints.find(params.templateId!);
  if (template) return template;
  throw new CtapError('CTAP2_ERR_INVALID_OPTION', 'templateId: there is no such enrolment');
}

function assertName(
  { maxTemplateFriendlyName: most }: FingerprintSensor,
  { templateFriendlyName = '' }: BioEnrollmentParams,
): void {
  const { length } = utf8(templateFriendlyName);
  if (length <= most) return;
  throw new CtapError(
    'CTAP1_ERR_INVALID_LENGTH',
    `templateFriendlyName: expected at most ${most} bytes, got ${length}`,
  );
}

async function setFriendlyName(context: Context): Promise<BioEnrollmentResponse> {
  const { authenticator, params } = context;
  const template = findTemplate(context);
  await authenticator.fingerprints.put({ ...template, friendlyName: params.templateFriendlyName! });
  return {};
}

async function removeEnrollment(context: Context): Promise<BioEnrollmentResponse> {
  await context.authenticator.fingerprints.remove(findTemplate(context).id);
  return {};
}

function getSensorInfo({ sensor }: Context): BioEnrollmentResponse {
  return {
    fingerprintKind: FingerprintKind[sensor.kind],
    maxCaptureSamplesRequiredForEnroll: sensor.samplesToEnroll,
    maxTemplateFriendlyName: sensor.maxTemplateFriendlyName,
  };
}
