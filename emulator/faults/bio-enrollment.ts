/** Faults of authenticatorBioEnrollment. */
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import { bioEnrollmentRequest, BioEnrollmentSubcommand as Subcommand } from '../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status, type StatusName } from '../../ctap/status.ts';
import { acceptIf, aftermathFault, changeMap } from './aftermath-faults.ts';
import { bioEnrollmentEndFaults } from './bio-enrollment-end.ts';
import {
  BIO,
  begins,
  enumerates,
  goesOn,
  hasParam,
  isOtherTemplate,
  isSubcommand,
  Member,
  NAME,
  param,
  TEMPLATE_ID,
} from './bio-enrollment-seen.ts';
import { acceptsFault, answerFault, mapOf, type SeenRequest, seen, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { parameterFaults } from './parameters.ts';

const INFO = Command.authenticatorGetInfo;
const commands = [BIO];
const OPTIONS = 0x04;
const names = isSubcommand(Subcommand.setFriendlyName);
const removes = isSubcommand(Subcommand.removeEnrollment);
const describes = isSubcommand(Subcommand.getFingerprintSensorInfo);
const asksModality = ({ parameters }: SeenRequest) => parameters.get(0x06) === true;

type When = (request: SeenRequest) => boolean;

function answers(
  id: string,
  summary: string,
  when: When,
  change: (answer: CborMap) => readonly (readonly [number, CborValue])[],
): Fault {
  return answerFault({
    id: `bio-enrollment-${id}`,
    summary,
    commands,
    when,
    change: (answer) => new Map([...answer, ...change(answer)]),
  });
}

function accepts(
  id: string,
  summary: string,
  refusal: StatusName,
  when: When,
  given?: (context: FaultContext, request: SeenRequest) => boolean,
): Fault {
  return acceptsFault({ id: `bio-enrollment-${id}`, summary, commands, refusal, when, ...(given && { given }) });
}

const option = (name: string, value: boolean) =>
  changeMap((info) => {
    const options = info.get(OPTIONS);
    const changed: CborMap = new Map([...(options instanceof Map ? options : []), [name, value] as const]);
    return new Map([...info, [OPTIONS, changed] as const]);
  });

/** Each template changed. */
const templates = (change: (template: CborMap) => CborMap) =>
  changeMap((answer) => {
    const infos = answer.get(Member.templateInfos);
    const changed = Array.isArray(infos) ? infos.map((info) => (info instanceof Map ? change(info) : info)) : [];
    return new Map([...answer, [Member.templateInfos, changed] as const]);
  });
const anonymous = templates((template) => new Map([...template, [NAME, ''] as const]));

const isBad = (status: CborValue | undefined) => status !== 0 && status !== undefined;

export const bioEnrollmentFaults: readonly Fault[] = [
  ...parameterFaults({
    name: 'bio-enrollment',
    command: BIO,
    table: bioEnrollmentRequest,
    members: ['modality', 'subCommand', 'subCommandParams'],
    required: ['modality', 'subCommand'],
  }),
  accepts(
    'takes-unknown-subcommand',
    'takes subcommands of authenticatorBioEnrollment that do not exist',
    'CTAP2_ERR_INVALID_SUBCOMMAND',
    () => true,
  ),
  answers('other-modality', 'says a modality that there is not', asksModality, () => [[Member.modality, 2]]),
  answers('other-fingerprint-kind', 'says a kind of sensor that there is not', describes, () => [
    [Member.fingerprintKind, 3],
  ]),
  answers('tells-no-length-of-names', 'says that names of fingers have no characters', describes, () => [
    [Member.maxName, 0],
  ]),
  answers('complains-of-the-first-sample', 'says that the first sample of a finger is bad', begins, () => [
    [Member.status, 7],
  ]),
  answers('praises-bad-samples', 'says of every sample that it is good', goesOn, () => [[Member.status, 0]]),
  answers('counts-bad-samples', 'counts samples that are bad', goesOn, (answer) =>
    isBad(answer.get(Member.status)) ? [[Member.remaining, Number(answer.get(Member.remaining)) - 1]] : [],
  ),
  answers('counts-further-samples-up', 'says that more samples are wanted after the second one', goesOn, (answer) =>
    answer.get(Member.remaining) === 0 ? [] : [[Member.remaining, Number(answer.get(Member.remaining)) + 1]],
  ),
  answers(
    'does-not-count-the-first-sample',
    'says after the first sample that as many are wanted as before',
    begins,
    (answer) => [[Member.remaining, Number(answer.get(Member.remaining)) + 2]],
  ),
  answerFault({
    id: 'bio-enrollment-wants-no-samples',
    summary: 'says that an enrolment takes no samples, where none has begun',
    commands,
    when: describes,
    change: (answer) => new Map([...answer, [Member.maxCaptureSamples, 0] as const]),
  }),
  aftermathFault({
    id: 'bio-enrollment-tells-other-template-ids',
    summary: 'tells new templates by other ids than they were given',
    commands,
    trigger: begins,
    aftermath: enumerates,
    change: templates((template) => new Map([...template, [TEMPLATE_ID, Uint8Array.of(1)] as const])),
  }),
  aftermathFault({
    id: 'bio-enrollment-leaves-bio-enroll-false',
    summary: 'says that no finger is enrolled once one has been',
    commands: [BIO, INFO],
    trigger: goesOn,
    aftermath: ({ command }) => command === INFO,
    change: option('bioEnroll', false),
  }),
  aftermathFault({
    id: 'bio-enrollment-leaves-uv-false',
    summary: 'says that it cannot verify users once a finger has been enrolled',
    commands: [BIO, INFO],
    trigger: goesOn,
    aftermath: ({ command }) => command === INFO,
    change: option('uv', false),
  }),
  accepts(
    'goes-on-with-any-template',
    'takes samples for another template than the one under way',
    'CTAP2_ERR_INVALID_OPTION',
    goesOn,
    isOtherTemplate,
  ),
  accepts('begins-without-room', 'begins an enrolment that there is no room for', 'CTAP2_ERR_FP_DATABASE_FULL', begins),
  aftermathFault({
    id: 'bio-enrollment-goes-on-with-a-cancelled-one',
    summary: 'takes samples for an enrolment that was cancelled',
    commands,
    trigger: isSubcommand(Subcommand.cancelCurrentEnrollment),
    given: ({ authenticator }) => authenticator.enrollment !== undefined,
    aftermath: goesOn,
    change: acceptIf('CTAP2_ERR_INVALID_OPTION'),
  }),
  aftermathFault({
    id: 'bio-enrollment-goes-on-after-power-cycle',
    summary: 'takes samples for an enrolment that was begun before a power cycle',
    commands,
    trigger: begins,
    aftermath: goesOn,
    powerCycle: true,
    change: acceptIf('CTAP2_ERR_INVALID_OPTION'),
  }),
  accepts(
    'goes-on-with-nothing',
    'takes samples where no enrolment has begun',
    'CTAP2_ERR_INVALID_OPTION',
    (request) => goesOn(request) && (param(request, TEMPLATE_ID) as Uint8Array | undefined)?.length !== 8,
    ({ authenticator }) => authenticator.enrollment === undefined,
  ),
  statusFault({
    id: 'bio-enrollment-cancels-only-with-token',
    summary: 'cancels an enrolment only with a token, though it cancels it',
    commands,
    status: 'CTAP2_ERR_PUAT_REQUIRED',
    when: isSubcommand(Subcommand.cancelCurrentEnrollment),
  }),
  accepts(
    'enumerates-nothing',
    'says yes where no finger is enrolled',
    'CTAP2_ERR_INVALID_OPTION',
    (request) => enumerates(request) && request.parameters.has(0x05),
    ({ authenticator }) => !authenticator.hasBuiltInUv,
  ),
  accepts('takes-long-names', 'takes names that are too long', 'CTAP1_ERR_INVALID_LENGTH', names),
  accepts('names-unknown-templates', 'names templates that there are not', 'CTAP2_ERR_INVALID_OPTION', names),
  accepts(
    'names-no-template',
    'takes setFriendlyName without templateId',
    'CTAP2_ERR_MISSING_PARAMETER',
    (request) => names(request) && !hasParam(TEMPLATE_ID)(request),
  ),
  accepts(
    'names-without-name',
    'takes setFriendlyName without a name',
    'CTAP2_ERR_MISSING_PARAMETER',
    (request) => names(request) && !hasParam(NAME)(request),
  ),
  accepts('removes-unknown-templates', 'removes templates that there are not', 'CTAP2_ERR_INVALID_OPTION', removes),
  accepts('removes-no-template', 'takes removeEnrollment without templateId', 'CTAP2_ERR_MISSING_PARAMETER', removes),
  accepts('begins-without-token', 'begins enrolments without a token', 'CTAP2_ERR_PUAT_REQUIRED', begins),
  accepts('goes-on-without-token', 'goes on with enrolments without a token', 'CTAP2_ERR_PUAT_REQUIRED', goesOn),
  accepts('names-without-token', 'names fingers without a token', 'CTAP2_ERR_PUAT_REQUIRED', names),
  accepts('removes-without-token', 'removes fingers without a token', 'CTAP2_ERR_PUAT_REQUIRED', removes),
  aftermathFault({
    id: 'bio-enrollment-keeps-the-old-name',
    summary: 'tells no name of a finger that has just been named',
    commands,
    trigger: names,
    aftermath: enumerates,
    powerCycle: false,
    change: anonymous,
  }),
  aftermathFault({
    id: 'bio-enrollment-forgets-names-without-power',
    summary: 'forgets names of fingers when it is without power',
    commands,
    trigger: names,
    aftermath: enumerates,
    powerCycle: true,
    change: anonymous,
  }),
  statusFault({
    id: 'bio-enrollment-refuses-the-longest-name',
    summary: 'refuses a name that is just as long as it may be',
    commands,
    status: 'CTAP1_ERR_INVALID_LENGTH',
    when: names,
    given: ({ authenticator }, request) =>
      String(param(request, NAME)).length === authenticator.model.fingerprints?.maxTemplateFriendlyName,
  }),
  {
    id: 'bio-enrollment-still-tells-what-was-removed',
    summary: 'still tells of a finger that was removed',
    commands,
    install: () => {
      let last: Uint8Array | undefined;
      let removed = false;
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const answer = await next(bytes);
          if (enumerates(request)) {
            if (removed && last !== undefined) return last;
            if (answer[0] === Status.CTAP2_OK) last = answer;
          }
          removed ||= removes(request) && answer[0] === Status.CTAP2_OK;
          return answer;
        },
      };
    },
  },
  aftermathFault({
    id: 'bio-enrollment-leaves-bio-enroll-true',
    summary: 'says that a finger is enrolled once the last one was removed',
    commands: [BIO, INFO],
    trigger: removes,
    aftermath: ({ command }) => command === INFO,
    change: option('bioEnroll', true),
  }),
  {
    id: 'bio-enrollment-wants-more-samples-than-it-says',
    summary: 'wants a sample more than it said at first',
    commands,
    concerns: (bytes) => goesOn(seen(bytes)),
    install: () => {
      let wantsOneMore = false;
      const says = (remaining: number) => changeMap((answer) => new Map([...answer, [Member.remaining, remaining]]));
      return {
        cbor: async (bytes, next) => {
          const request = seen(bytes);
          const last = wantsOneMore && goesOn(request);
          wantsOneMore = false;
          if (last) return says(0)(Uint8Array.of(Status.CTAP2_OK), request);
          const answer = await next(bytes);
          if (!goesOn(request) || mapOf(answer.subarray(1)).get(Member.remaining) !== 0) return answer;
          wantsOneMore = true;
          return says(1)(answer, request);
        },
      };
    },
  },
  ...bioEnrollmentEndFaults,
];
