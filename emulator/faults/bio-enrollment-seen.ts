/** Requests and answers of authenticatorBioEnrollment, as its faults look at them. */
import { equalBytes } from '../../ctap/bytes.ts';
import type { CborValue } from '../../ctap/cbor.ts';
import { BioEnrollmentSubcommand as Subcommand } from '../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../ctap/commands/index.ts';
import type { SeenRequest } from './ctap2-faults.ts';
import type { FaultContext } from './fault.ts';

export const BIO = Command.authenticatorBioEnrollment;
/** Members of a response. */
export const Member = {
  modality: 0x01,
  fingerprintKind: 0x02,
  maxCaptureSamples: 0x03,
  templateId: 0x04,
  status: 0x05,
  remaining: 0x06,
  templateInfos: 0x07,
  maxName: 0x08,
} as const;
export const TEMPLATE_ID = 0x01;
export const NAME = 0x02;

export const isSubcommand =
  (...subcommands: readonly number[]) =>
  ({ command, parameters }: SeenRequest): boolean =>
    command === BIO && subcommands.includes(Number(parameters.get(0x02)));
export const begins = isSubcommand(Subcommand.enrollBegin);
export const goesOn = isSubcommand(Subcommand.enrollCaptureNextSample);
export const enumerates = isSubcommand(Subcommand.enumerateEnrollments);

export function param({ parameters }: SeenRequest, key: number): CborValue | undefined {
  const params = parameters.get(0x03);
  return params instanceof Map ? params.get(key) : undefined;
}
export const hasParam = (key: number) => (request: SeenRequest) => param(request, key) !== undefined;

/** True where the request goes on with a template that is not the one under way. */
export function isOtherTemplate({ authenticator }: FaultContext, request: SeenRequest): boolean {
  const id = param(request, TEMPLATE_ID);
  const { enrollment } = authenticator;
  return enrollment !== undefined && id instanceof Uint8Array && !equalBytes(id, enrollment.templateId);
}
