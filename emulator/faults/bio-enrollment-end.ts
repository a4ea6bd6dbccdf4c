/** Faults of enrolments that end before they are whole. */
import type { CborMap } from '../../ctap/cbor.ts';
import { EnrollFeedback, BioEnrollmentSubcommand as Subcommand } from '../../ctap/commands/bio-enrollment.ts';
import { Status } from '../../ctap/status.ts';
import { type AnswerChange, acceptIf, aftermathFault, changeMap } from './aftermath-faults.ts';
import {
  BIO,
  begins,
  enumerates,
  goesOn,
  isOtherTemplate,
  isSubcommand,
  Member,
  TEMPLATE_ID,
} from './bio-enrollment-seen.ts';
import { answerFault, type SeenRequest, statusFault } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';

const commands = [BIO];
const cancels = isSubcommand(Subcommand.cancelCurrentEnrollment);
const underWay = ({ authenticator }: FaultContext) => authenticator.enrollment !== undefined;
const ghost: CborMap = new Map([[TEMPLATE_ID, Uint8Array.of(0x67)]]);

/** One finger more than there are; none is told by a refusal. */
const oneMore: AnswerChange = (answer, request) => {
  const told = answer[0] === Status.CTAP2_ERR_INVALID_OPTION ? Uint8Array.of(Status.CTAP2_OK, 0xa0) : answer;
  return changeMap((map) => {
    const infos = map.get(Member.templateInfos);
    return map.set(Member.templateInfos, [...(Array.isArray(infos) ? infos : []), ghost]);
  })(told, request);
};

/** A sample that nobody gave becomes another answer. */
function inactivity(
  id: string,
  summary: string,
  when: (request: SeenRequest) => boolean,
  change: (answer: CborMap) => CborMap,
): Fault {
  return answerFault({
    id: `bio-enrollment-${id}`,
    summary,
    commands,
    when,
    change: (answer) => (answer.get(Member.status) === EnrollFeedback.NO_USER_ACTIVITY ? change(answer) : answer),
  });
}

export const bioEnrollmentEndFaults: readonly Fault[] = [
  aftermathFault({
    id: 'bio-enrollment-tells-of-cancelled-ones',
    summary: 'tells of a finger whose enrolment was cancelled',
    commands,
    trigger: cancels,
    given: underWay,
    aftermath: enumerates,
    change: oneMore,
  }),
  aftermathFault({
    id: 'bio-enrollment-tells-of-unfinished-ones',
    summary: 'tells of a finger whose enrolment ended with the power',
    commands,
    trigger: begins,
    powerCycle: true,
    aftermath: enumerates,
    change: oneMore,
  }),
  statusFault({
    id: 'bio-enrollment-refuses-to-cancel-nothing',
    summary: 'refuses to cancel an enrolment where none is under way',
    commands,
    status: 'CTAP2_ERR_NOT_ALLOWED',
    when: cancels,
    given: (context) => !underWay(context),
  }),
  aftermathFault({
    id: 'bio-enrollment-goes-on-with-the-one-before',
    summary: 'takes samples for an enrolment that was under way when another began',
    commands,
    trigger: begins,
    given: underWay,
    aftermath: (request, context) => goesOn(request) && isOtherTemplate(context, request),
    change: acceptIf('CTAP2_ERR_INVALID_OPTION'),
  }),
  statusFault({
    id: 'bio-enrollment-cancel-as-timeout',
    summary: 'says that a first sample timed out where it was cancelled',
    commands,
    instead: 'CTAP2_ERR_KEEPALIVE_CANCEL',
    status: 'CTAP2_ERR_USER_ACTION_TIMEOUT',
    when: begins,
  }),
  inactivity('praises-no-finger', 'says of a first sample that nobody gave that it is good', begins, (answer) =>
    answer.set(Member.status, EnrollFeedback.FP_GOOD),
  ),
  inactivity('counts-no-finger', 'counts further samples that nobody gave', goesOn, (answer) =>
    answer.set(Member.remaining, Number(answer.get(Member.remaining)) - 1),
  ),
];
