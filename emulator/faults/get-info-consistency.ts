/** Faults of authenticatorGetInfo: keys whose members contradict each other, or the key. */
import type { CborValue } from '../../ctap/cbor.ts';
import type { Fault } from './fault.ts';
import {
  hides,
  instead,
  more,
  optionsSay,
  says,
  saysAll,
  saysBesidePin,
  saysByMemory,
  withOptions,
  without,
} from './get-info-says.ts';

/** All options by which a key verifies its user without a PIN. */
const NO_SENSOR = {
  uv: undefined,
  bioEnroll: undefined,
  userVerificationMgmtPreview: undefined,
  uvBioEnroll: undefined,
} as const;

/** The version of preview is there while its commands are; a key with FIDO_2_1 alone has none of them. */
const isFido2 = (version: CborValue) => typeof version === 'string' && version.startsWith('FIDO_2_');

export const getInfoConsistencyFaults: readonly Fault[] = [
  says(
    'get-info-hides-fido2',
    'leaves every version of FIDO2 out of getInfo, which itself is one',
    'versions',
    (said) => {
      return Array.isArray(said) && !said.every(isFido2) ? said.filter((version) => !isFido2(version)) : said;
    },
  ),
  says(
    'get-info-hides-preview',
    'has credentialMgmtPreview without the version FIDO_2_1_PRE',
    'versions',
    without((version) => version === 'FIDO_2_1_PRE'),
  ),
  optionsSay('get-info-says-platform', 'says that it is part of the computer', { plat: true }),
  optionsSay('get-info-uv-bio-enroll-alone', 'has uvBioEnroll and no enrolment', {
    bioEnroll: undefined,
    userVerificationMgmtPreview: undefined,
  }),
  optionsSay('get-info-uv-acfg-alone', 'has uvAcfg without authnrCfg', { authnrCfg: undefined }),
  optionsSay('get-info-min-pin-length-alone', 'has setMinPINLength without clientPin', { clientPin: undefined }),
  optionsSay('get-info-read-only-management-alone', 'has perCredMgmtRO without credMgmt', { credMgmt: undefined }),
  optionsSay('get-info-management-without-rk', 'manages passkeys and says that it has none', { rk: undefined }),
  optionsSay('get-info-bio-enroll-without-uv', 'enrols fingers and has no option uv', { uv: undefined }, 'uvModality'),
  optionsSay(
    'get-info-token-without-pin-or-uv',
    'gives tokens and says of nothing that they could be had for',
    { ...NO_SENSOR, clientPin: undefined, setMinPINLength: undefined },
    'uvModality',
  ),
  hides('get-info-hides-min-pin-length', 'sets a minPINLength that it does not tell', 'minPINLength'),
  hides(
    'get-info-hides-max-rp-ids',
    'does not tell how many RP IDs setMinPINLength takes',
    'maxRPIDsForSetMinPINLength',
  ),
  hides(
    'get-info-hides-large-blob-array',
    'does not tell how large its large-blob array may be',
    'maxSerializedLargeBlobArray',
  ),
  saysAll('get-info-large-blob-array-alone', 'tells the size of large blobs that it says it has not', {
    options: (said) => (said instanceof Map ? withOptions(said, { largeBlobs: false }) : said),
    extensions: without((name) => name === 'largeBlobKey'),
  }),
  says(
    'get-info-always-uv-not-required',
    'says alwaysUv and makeCredUvNotRqd at once while no PIN is set',
    'options',
    (said) =>
      said instanceof Map && said.get('alwaysUv') === false && said.get('clientPin') !== true
        ? withOptions(said, { alwaysUv: true, makeCredUvNotRqd: true })
        : said,
  ),
  optionsSay(
    'get-info-no-way-to-verify',
    'gives no permission to create and to sign in for its PIN, and has no sensor',
    { ...NO_SENSOR, noMcGaPermissionsWithClientPin: true },
    'uvModality',
  ),
  hides(
    'get-info-hides-cred-blob-length',
    'has the extension credBlob and does not tell its length',
    'maxCredBlobLength',
  ),
  optionsSay(
    'get-info-large-blob-key-alone',
    'has the extension largeBlobKey without large blobs',
    { largeBlobs: undefined },
    'maxSerializedLargeBlobArray',
  ),
  says(
    'get-info-hmac-secret-mc-alone',
    'has the extension hmac-secret-mc without hmac-secret',
    'extensions',
    without((name) => name === 'hmac-secret'),
  ),
  saysBesidePin(
    'get-info-min-pin-length-over-max',
    'says a maxPINLength of less than minPINLength',
    'maxPINLength',
    instead(3),
  ),
  optionsSay('get-info-uv-modality-alone', 'tells how it verifies the user, and has no option uv', NO_SENSOR),
  says(
    'get-info-reset-over-unknown-transport',
    'takes a reset over a transport that it has not',
    'transportsForReset',
    more('ble'),
  ),
  hides('get-info-policy-url-alone', 'has the address of a PIN policy and no policy', 'pinComplexityPolicy'),
  says(
    'get-info-vendor-commands-alone',
    'has vendor commands of authenticatorConfig without their subcommand',
    'authenticatorConfigCommands',
    without((command) => command === 0xff),
  ),
  says(
    'get-info-hides-set-min-pin-length-command',
    'has the option setMinPINLength without its subcommand',
    'authenticatorConfigCommands',
    without((command) => command === 0x03),
  ),
  says('get-info-lists-none', 'lists the attestation format none', 'attestationFormats', more('none')),
  says('get-info-hides-enrolled-finger', 'says that no finger is enrolled where one is', 'options', (said) =>
    said instanceof Map && said.get('bioEnroll') === true ? withOptions(said, { bioEnroll: false }) : said,
  ),
  saysByMemory(
    'get-info-remaining-grows',
    'tells one more passkey that fits in each time it is asked',
    'remainingDiscoverableCredentials',
    () => {
      let times = 0;
      return (said) => (typeof said === 'number' ? said + 10 * ++times : said);
    },
  ),
  says('get-info-always-uv-leaves-not-required', 'leaves makeCredUvNotRqd true when alwaysUv is', 'options', (said) =>
    said instanceof Map && said.get('alwaysUv') === true ? withOptions(said, { makeCredUvNotRqd: true }) : said,
  ),
];
