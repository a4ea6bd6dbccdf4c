/** Faults of authenticatorGetInfo: keys that describe themselves wrongly. */
import { type CborValue, encodeCbor } from '../../ctap/cbor.ts';
import { getInfoResponse } from '../../ctap/commands/get-info.ts';
import { Command } from '../../ctap/commands/index.ts';
import { acceptsFault, bytesFault, mapOf } from './ctap2-faults.ts';
import type { Fault } from './fault.ts';
import { cut, instead, more, says, saysAll, saysBesidePin, saysByMemory, without } from './get-info-says.ts';
import { kebab } from './parameters.ts';

const commands = [Command.authenticatorGetInfo];

/** Members whose wrong types have faults of their own. */
const OWN_FAULT = ['aaguid', 'pinUvAuthProtocols'];

/** For each member a key that says a boolean in its place, or where it is a boolean the number 1. */
const wrongTypes: readonly Fault[] = getInfoResponse.members
  .filter(({ name }) => !OWN_FAULT.includes(name))
  .map(({ name }) =>
    says(`get-info-wrong-type-${kebab(name)}`, `says a ${name} of another type`, name, (said) =>
      typeof said === 'boolean' ? 1 : true,
    ),
  );

export const getInfoFaults: readonly Fault[] = [
  ...wrongTypes,
  bytesFault({
    id: 'get-info-trailing-byte',
    summary: 'ends the answer to getInfo with a byte too many',
    commands,
    change: (answer) => Uint8Array.of(...answer, 0),
  }),
  bytesFault({
    id: 'get-info-unsorted',
    summary: 'writes the first two members of getInfo in the wrong order',
    commands,
    change: swapped,
  }),
  acceptsFault({ id: 'get-info-takes-parameters', summary: 'takes getInfo with parameters', commands }),
  says('get-info-short-aaguid', 'says an AAGUID of 15 bytes', 'aaguid', cut(15)),
  says('get-info-small-max-msg-size', 'says a maxMsgSize of 512 bytes', 'maxMsgSize', instead(512)),
  says('get-info-large-max-msg-size', 'says a maxMsgSize that CTAPHID cannot carry', 'maxMsgSize', instead(8192)),
  says(
    'get-info-no-credential-in-list',
    'says that it takes lists of no credential',
    'maxCredentialCountInList',
    instead(0),
  ),
  says(
    'get-info-no-uv-attempts',
    'prefers no attempt at verifying the user',
    'preferredPlatformUvAttempts',
    instead(0),
  ),
  says('get-info-no-uv-modality', 'says no way in which it verifies the user', 'uvModality', instead(0)),
  says('get-info-version-twice', 'says its first version twice', 'versions', more()),
  says('get-info-extension-twice', 'says its first extension twice', 'extensions', more()),
  says('get-info-protocol-twice', 'says its first PIN/UV auth protocol twice', 'pinUvAuthProtocols', more()),
  says('get-info-transport-twice', 'says its first transport twice', 'transports', more()),
  says('get-info-attestation-format-twice', 'says its first attestation format twice', 'attestationFormats', more()),
  says('get-info-no-versions', 'says an empty list of versions', 'versions', instead([])),
  says(
    'get-info-no-attestation-formats',
    'says an empty list of attestation formats',
    'attestationFormats',
    instead([]),
  ),
  says('get-info-protocol-zero', 'says a PIN/UV auth protocol of version 0', 'pinUvAuthProtocols', more(0)),
  says('get-info-unknown-transport', 'says a transport that nobody knows', 'transports', more('serial')),
  saysAll('get-info-hides-usb', 'leaves usb out of its transports', {
    transports: without((entry) => entry === 'usb'),
    transportsForReset: () => undefined,
  }),
  says('get-info-algorithm-twice', 'says its first algorithm twice', 'algorithms', more()),
  says(
    'get-info-algorithm-of-other-type',
    'says a type of its algorithms that is not public-key',
    'algorithms',
    (said) =>
      Array.isArray(said)
        ? said.map((entry, index) =>
            index === 0 && entry instanceof Map ? new Map([...entry, ['type', 'secret-key'] as const]) : entry,
          )
        : said,
  ),
  says(
    'get-info-hides-es256',
    'leaves ES256 out of its algorithms',
    'algorithms',
    without((entry) => entry instanceof Map && entry.get('alg') === -7),
  ),
  saysBesidePin(
    'get-info-min-pin-length-three',
    'says a minPINLength of 3 while a PIN is set',
    'minPINLength',
    instead(3),
  ),
  says('get-info-max-pin-length-64', 'says a maxPINLength of 64', 'maxPINLength', instead(64)),
  says(
    'get-info-small-large-blob-array',
    'says a large-blob array of 512 bytes',
    'maxSerializedLargeBlobArray',
    instead(512),
  ),
  says('get-info-small-cred-blob', 'says credBlobs of 16 bytes', 'maxCredBlobLength', instead(16)),
  says(
    'get-info-certification-of-level-zero',
    'says a certification of level 0',
    'certifications',
    instead(new Map([['FIDO', 0]])),
  ),
  says('get-info-short-enc-identifier', 'says an encIdentifier of one block', 'encIdentifier', cut(16)),
  saysByMemory('get-info-same-enc-identifier', 'encrypts encIdentifier once for all', 'encIdentifier', () => {
    let first: CborValue | undefined;
    return (said) => {
      first ??= said;
      return first;
    };
  }),
];

/** The two members that begin the map in each other's place. */
function swapped(answer: Uint8Array): Uint8Array {
  const map = mapOf(answer);
  const entries = [...map].map(([key, value]) => [...encodeCbor(key), ...encodeCbor(value)]);
  const [first, second, ...rest] = entries;
  if (first === undefined || second === undefined) return answer;
  const header = answer.subarray(0, answer.length - entries.flat().length);
  return Uint8Array.of(...header, ...second, ...first, ...rest.flat());
}
