/** Faults of authenticatorCredentialManagement and its prototype, in what they tell. */
import { equalBytes } from '../../ctap/bytes.ts';
import type { CborMap, CborValue } from '../../ctap/cbor.ts';
import {
  credentialManagementRequest,
  CredentialManagementSubcommand as Subcommand,
} from '../../ctap/commands/credential-management.ts';
import { Command } from '../../ctap/commands/index.ts';
import { Status } from '../../ctap/status.ts';
import { aftermathFault, changeNumber } from './aftermath-faults.ts';
import { acceptsFault, answerFault, type SeenRequest, seen } from './ctap2-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import { parameterFaults } from './parameters.ts';

/** Members of a response. */
export const Member = {
  existing: 0x01,
  remaining: 0x02,
  rp: 0x03,
  rpIDHash: 0x04,
  totalRPs: 0x05,
  user: 0x06,
  credentialId: 0x07,
  publicKey: 0x08,
  totalCredentials: 0x09,
  credProtect: 0x0a,
  largeBlobKey: 0x0b,
  thirdPartyPayment: 0x0c,
} as const;

const REAL = Command.authenticatorCredentialManagement;
const MAKE = Command.authenticatorMakeCredential;

export const isSubcommand =
  (...subcommands: readonly number[]) =>
  ({ command, parameters }: SeenRequest): boolean =>
    (command === REAL || command === Command.prototypeAuthenticatorCredentialManagement) &&
    subcommands.includes(Number(parameters.get(0x01)));

const tellsMetadata = isSubcommand(Subcommand.getCredsMetadata);
const tellsRp = isSubcommand(Subcommand.enumerateRPsBegin, Subcommand.enumerateRPsGetNextRP);
const tellsCredential = isSubcommand(
  Subcommand.enumerateCredentialsBegin,
  Subcommand.enumerateCredentialsGetNextCredential,
);
const beginsCredentials = isSubcommand(Subcommand.enumerateCredentialsBegin);

export function discoverable({ command, parameters }: SeenRequest): boolean {
  const options = parameters.get(0x07);
  return command === MAKE && options instanceof Map && options.get('rk') === true;
}

type MemberChange = (value: CborValue) => CborValue | undefined;

/** Another value of a member, where it is there; undefined leaves it out. */
function tells(
  id: string,
  summary: string,
  when: (request: SeenRequest) => boolean,
  member: number,
  change: MemberChange,
  commands: readonly number[] = [REAL],
): Fault {
  return answerFault({
    id,
    summary,
    commands,
    when,
    change: (answer) => {
      const value = answer.get(member);
      if (value === undefined) return answer;
      const changed: CborMap = new Map(answer);
      const next = change(value);
      if (next === undefined) changed.delete(member);
      else changed.set(member, next);
      return changed;
    },
  });
}

const within =
  (name: string, change: MemberChange): MemberChange =>
  (map) => {
    const value = map instanceof Map ? map.get(name) : undefined;
    if (!(map instanceof Map) || value === undefined) return map;
    const changed = change(value);
    return changed === undefined ? map : new Map([...map, [name, changed] as const]);
  };
const flipped: MemberChange = (bytes) => (bytes instanceof Uint8Array ? bytes.map((byte) => byte ^ 0xff) : bytes);
const plus =
  (more: number): MemberChange =>
  (value) =>
    Number(value) + more;
const cutText =
  (length: number): MemberChange =>
  (text) =>
    typeof text === 'string' ? text.slice(0, length) : text;

function sharedFaults(name: string, command: number): Fault[] {
  return [
    ...parameterFaults({
      name,
      command,
      table: credentialManagementRequest,
      members: ['subCommand', 'subCommandParams'],
    }),
    aftermathFault({
      id: `${name}-misses-new-credential`,
      summary: `does not count the credential that was made last in the metadata of ${name}`,
      commands: [MAKE, command],
      trigger: discoverable,
      aftermath: tellsMetadata,
      until: isSubcommand(Subcommand.deleteCredential),
      change: changeNumber(Member.existing, (count) => count - 1),
    }),
    tells(
      `${name}-writes-rp-ids-large`,
      `tells RP IDs in upper case by ${name}`,
      tellsRp,
      Member.rp,
      within('id', (id) => String(id).toUpperCase()),
      [command],
    ),
    tells(`${name}-tells-other-total-of-rps`, `counts an RP too many by ${name}`, tellsRp, Member.totalRPs, plus(1), [
      command,
    ]),
    tells(
      `${name}-tells-other-credential-id`,
      `tells credential IDs with another first byte by ${name}`,
      (request) => tellsCredential(request),
      Member.credentialId,
      within('id', (id) => (id instanceof Uint8Array ? Uint8Array.of(id[0]! ^ 0xff, ...id.subarray(1)) : id)),
      [command],
    ),
    tells(
      `${name}-tells-other-total-of-credentials`,
      `counts a credential too many by ${name} where there are several`,
      tellsCredential,
      Member.totalCredentials,
      (total) => (Number(total) > 1 ? Number(total) + 1 : total),
      [command],
    ),
    acceptsFault({
      id: `${name}-enumerates-credentials-of-nobody`,
      summary: `says yes to an enumeration of credentials by ${name} where there are none`,
      commands: [command],
      refusal: 'CTAP2_ERR_NO_CREDENTIALS',
      when: beginsCredentials,
    }),
  ];
}

/** True where that user has a credential at that RP. */
export function hasCredentialOf({ authenticator }: FaultContext, { parameters }: SeenRequest): boolean {
  const [rp, user] = [parameters.get(0x02), parameters.get(0x03)];
  const id = user instanceof Map ? user.get('id') : undefined;
  if (!(rp instanceof Map) || !(id instanceof Uint8Array)) return false;
  const hash = authenticator.credentials.rpIdHash(String(rp.get('id')));
  return authenticator.credentials
    .list(hash)
    .some(({ discoverable: found }) => found !== undefined && equalBytes(found.user.id, id));
}

/** The second RP is told as the first one again, where the first has several credentials. */
const repeatsAnRp: Fault = {
  id: 'credential-management-repeats-an-rp',
  summary: 'tells an RP once for each of its credentials, and leaves others out for it',
  commands: [REAL],
  concerns: (bytes) => tellsRp(seen(bytes)),
  install: ({ authenticator }) => {
    let first: Uint8Array | undefined;
    return {
      cbor: async (bytes, next) => {
        const request = seen(bytes);
        const answer = await next(bytes);
        if (answer[0] !== Status.CTAP2_OK) return answer;
        if (isSubcommand(Subcommand.enumerateRPsBegin)(request)) first = answer;
        const { credentials } = authenticator;
        const several = credentials.count > [...credentials.onePerRp()].length;
        return isSubcommand(Subcommand.enumerateRPsGetNextRP)(request) && several ? (first ?? answer) : answer;
      },
    };
  },
};

export const credentialManagementFaults: readonly Fault[] = [
  ...sharedFaults('credential-management', REAL),
  ...sharedFaults('credential-management-preview', Command.prototypeAuthenticatorCredentialManagement),
  acceptsFault({
    id: 'credential-management-takes-unknown-subcommand',
    summary: 'takes subcommands of authenticatorCredentialManagement that do not exist',
    commands: [REAL],
    refusal: 'CTAP2_ERR_INVALID_SUBCOMMAND',
  }),
  aftermathFault({
    id: 'credential-management-remaining-grows',
    summary: 'says that more credentials fit once one has been made, as long as any fits',
    commands: [MAKE, REAL],
    trigger: discoverable,
    aftermath: (request, { authenticator: { credentials, model } }) =>
      tellsMetadata(request) && credentials.count < model.maxDiscoverableCredentials,
    change: changeNumber(Member.remaining, (count) => count + 2),
  }),
  aftermathFault({
    id: 'credential-management-counts-every-credential',
    summary: 'counts credentials that are not discoverable',
    commands: [MAKE, REAL],
    trigger: (request) => request.command === MAKE && !discoverable(request),
    aftermath: tellsMetadata,
    change: changeNumber(Member.existing, (count) => count + 1),
  }),
  acceptsFault({
    id: 'credential-management-enumerates-no-rps',
    summary: 'says yes to an enumeration of RPs where there are none',
    commands: [REAL],
    refusal: 'CTAP2_ERR_NO_CREDENTIALS',
    when: isSubcommand(Subcommand.enumerateRPsBegin),
  }),
  tells('credential-management-other-rp-id-hash', 'tells the hash of another RP ID', tellsRp, Member.rpIDHash, flipped),
  repeatsAnRp,
  answerFault({
    id: 'credential-management-total-of-rps-every-time',
    summary: 'tells the number of RPs with every RP',
    commands: [REAL],
    when: isSubcommand(Subcommand.enumerateRPsGetNextRP),
    change: (answer) => new Map([...answer, [Member.totalRPs, 2] as const]),
  }),
  answerFault({
    id: 'credential-management-total-of-credentials-every-time',
    summary: 'tells the number of credentials with every credential',
    commands: [REAL],
    when: isSubcommand(Subcommand.enumerateCredentialsGetNextCredential),
    change: (answer) => new Map([...answer, [Member.totalCredentials, 2] as const]),
  }),
  acceptsFault({
    id: 'credential-management-enumerates-without-rp-id-hash',
    summary: 'says yes to an enumeration of credentials without rpIDHash',
    commands: [REAL],
    refusal: 'CTAP2_ERR_MISSING_PARAMETER',
    when: beginsCredentials,
  }),
  tells(
    'credential-management-other-public-key',
    'tells public keys with another x than the one of the registration',
    tellsCredential,
    Member.publicKey,
    (cose) => (cose instanceof Map ? new Map([...cose, [-2, flipped(cose.get(-2) ?? null) ?? null] as const]) : cose),
  ),
  tells(
    'credential-management-other-credential-type',
    'tells credentials of another type than public-key',
    tellsCredential,
    Member.credentialId,
    within('type', () => 'private-key'),
  ),
  tells(
    'credential-management-cuts-user-ids',
    'cuts user ids after 32 bytes',
    tellsCredential,
    Member.user,
    within('id', (id) => (id instanceof Uint8Array ? id.subarray(0, 32) : id)),
  ),
  tells(
    'credential-management-cuts-user-names',
    'cuts user names after 16 characters',
    tellsCredential,
    Member.user,
    within('name', cutText(16)),
  ),
  tells(
    'credential-management-cuts-display-names',
    'cuts display names after 16 characters',
    tellsCredential,
    Member.user,
    within('displayName', cutText(16)),
  ),
  tells(
    'credential-management-forgets-cred-protect',
    'tells protection level 1 of every credential',
    tellsCredential,
    Member.credProtect,
    () => 1,
  ),
  tells(
    'credential-management-leaves-cred-protect-out',
    'tells no protection level of credentials for which none was asked',
    tellsCredential,
    Member.credProtect,
    (level) => (level === 1 ? undefined : level),
  ),
  tells(
    'credential-management-other-large-blob-key',
    'tells another largeBlobKey than the one of the registration',
    tellsCredential,
    Member.largeBlobKey,
    flipped,
  ),
  tells(
    'credential-management-forgets-third-party-payment',
    'tells of no credential that it is for payments by third parties',
    tellsCredential,
    Member.thirdPartyPayment,
    () => false,
  ),
  aftermathFault({
    id: 'credential-management-keeps-both-of-a-user',
    summary: 'counts two credentials of a user who has made one twice',
    commands: [MAKE, REAL],
    trigger: discoverable,
    given: hasCredentialOf,
    aftermath: beginsCredentials,
    change: changeNumber(Member.totalCredentials, (total) => total + 1),
  }),
];
