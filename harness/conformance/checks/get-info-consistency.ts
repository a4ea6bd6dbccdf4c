/** authenticatorGetInfo: members that have to agree with each other, and with the key. CTAP 2.3 §6.4 and §9. */
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { ConfigClient } from '../../client/config.ts';
import { register } from '../ceremony.ts';
import type { Check, CheckGroup } from '../check.ts';
import { expect, expectEqual } from '../expect.ts';
import { NotApplicable } from '../not-applicable.ts';
import { GET_INFO, infoCheck, Said } from './get-info-steps.ts';

/** An option that means nothing without another. */
function optionNeeds(option: string, needed: readonly string[], fault: string): Check {
  const names = needed.join(' or ');
  return infoCheck(
    `options.${option}.needs`,
    `The option ${option} is there only beside ${names}.`,
    fault,
    ({ options }) => {
      if (options.get(option) === undefined) throw new NotApplicable(`options has no ${option}`);
      expect(
        needed.some((name) => options.get(name) !== undefined),
        `${names} beside ${option}`,
        'none',
      );
    },
  );
}

/** An option, true, that comes with a member. */
function optionBrings(option: string, member: string, fault: string): Check {
  return infoCheck(`options.${option}.${member}`, `A key with the option ${option} tells ${member}.`, fault, (said) => {
    if (said.options.get(option) !== true) throw new NotApplicable(`the option ${option} is not true`);
    expect(said.get(member) !== undefined, member, 'none');
  });
}

/** An extension that comes with something else. */
function extensionNeeds(extension: string, what: string, fault: string, holds: (said: Said) => boolean): Check {
  return infoCheck(
    `extensions.${extension}.needs`,
    `A key with the extension ${extension} has ${what}.`,
    fault,
    (said) => {
      if (!said.names('extensions').includes(extension)) throw new NotApplicable(`extensions has no ${extension}`);
      expect(holds(said), what, 'none');
    },
  );
}

export const getInfoConsistencyChecks: CheckGroup = {
  name: 'authenticatorGetInfo consistency',
  checks: [
    infoCheck(
      'versions.fido2',
      'A key that answers getInfo has a version of FIDO2.',
      'get-info-hides-fido2',
      (said) => {
        const versions = said.names('versions');
        const has = versions.some((version) => typeof version === 'string' && version.startsWith('FIDO_2_'));
        if (versions.length > 0) expect(has, 'a version of FIDO2', versions);
      },
    ),
    infoCheck(
      'versions.preview',
      'A key with the option credentialMgmtPreview has the version FIDO_2_1_PRE.',
      'get-info-hides-preview',
      (said) => {
        if (said.options.get('credentialMgmtPreview') === undefined)
          throw new NotApplicable('no credentialMgmtPreview');
        const versions = said.names('versions');
        expect(versions.length < 2 || versions.includes('FIDO_2_1_PRE'), 'the version FIDO_2_1_PRE', versions);
      },
    ),
    infoCheck(
      'options.plat',
      'A key that can be taken away has no option plat that is true.',
      'get-info-says-platform',
      ({ options }) => expect(options.get('plat') !== true, 'plat to be false', true),
    ),
    optionNeeds('uvBioEnroll', ['bioEnroll', 'userVerificationMgmtPreview'], 'get-info-uv-bio-enroll-alone'),
    optionNeeds('uvAcfg', ['authnrCfg'], 'get-info-uv-acfg-alone'),
    optionNeeds('setMinPINLength', ['clientPin'], 'get-info-min-pin-length-alone'),
    optionNeeds('perCredMgmtRO', ['credMgmt'], 'get-info-read-only-management-alone'),
    optionNeeds('credMgmt', ['rk'], 'get-info-management-without-rk'),
    optionNeeds('bioEnroll', ['uv'], 'get-info-bio-enroll-without-uv'),
    optionNeeds('pinUvAuthToken', ['clientPin', 'uv'], 'get-info-token-without-pin-or-uv'),
    optionBrings('setMinPINLength', 'minPINLength', 'get-info-hides-min-pin-length'),
    optionBrings('setMinPINLength', 'maxRPIDsForSetMinPINLength', 'get-info-hides-max-rp-ids'),
    optionBrings('largeBlobs', 'maxSerializedLargeBlobArray', 'get-info-hides-large-blob-array'),
    infoCheck(
      'maxSerializedLargeBlobArray.option',
      'maxSerializedLargeBlobArray is there only beside the option largeBlobs.',
      'get-info-large-blob-array-alone',
      (said) => {
        said.need('maxSerializedLargeBlobArray');
        if (said.get('options') instanceof Map) expectEqual(said.options.get('largeBlobs'), true, 'largeBlobs');
      },
    ),
    infoCheck(
      'options.alwaysUv.makeCredUvNotRqd',
      'While alwaysUv is false, makeCredUvNotRqd may be true; the two are never true together.',
      'get-info-always-uv-not-required',
      ({ options }) => {
        const both = options.get('alwaysUv') === true && options.get('makeCredUvNotRqd') === true;
        expect(!both, 'alwaysUv or makeCredUvNotRqd', 'both');
      },
    ),
    infoCheck(
      'options.noMcGaPermissionsWithClientPin',
      'A key whose PIN does not give the permissions mc and ga can verify its user in another way.',
      'get-info-no-way-to-verify',
      ({ options }) => {
        const closed = options.get('noMcGaPermissionsWithClientPin') === true;
        expect(!closed || options.get('uv') !== undefined, 'the option uv', 'none');
      },
    ),
    extensionNeeds('credBlob', 'maxCredBlobLength', 'get-info-hides-cred-blob-length', (said) => {
      return said.get('maxCredBlobLength') !== undefined;
    }),
    extensionNeeds('largeBlobKey', 'the option largeBlobs', 'get-info-large-blob-key-alone', (said) => {
      return said.get('options') instanceof Map ? said.options.get('largeBlobs') === true : true;
    }),
    extensionNeeds('hmac-secret-mc', 'the extension hmac-secret', 'get-info-hmac-secret-mc-alone', (said) => {
      return said.names('extensions').includes('hmac-secret');
    }),
    infoCheck(
      'maxPINLength.minPINLength',
      'maxPINLength is not less than minPINLength.',
      'get-info-min-pin-length-over-max',
      (said) => {
        const [least, most] = [said.number('minPINLength'), said.number('maxPINLength')];
        expect(least <= most, `minPINLength of at most ${most}`, least);
      },
      { needs: { pin: true } },
    ),
    infoCheck(
      'uvModality.option',
      'uvModality is there only beside the option uv.',
      'get-info-uv-modality-alone',
      (said) => {
        said.need('uvModality');
        if (said.get('options') instanceof Map) expect(said.options.get('uv') !== undefined, 'the option uv', 'none');
      },
    ),
    infoCheck(
      'transportsForReset.known',
      'transportsForReset has only transports that the key has.',
      'get-info-reset-over-unknown-transport',
      (said) => {
        const transports = said.list('transports');
        const strange = said.list('transportsForReset').filter((name) => !transports.includes(name));
        expect(strange.length === 0, 'transports of the key', strange);
      },
    ),
    infoCheck(
      'pinComplexityPolicyURL.policy',
      'pinComplexityPolicyURL is there only beside pinComplexityPolicy.',
      'get-info-policy-url-alone',
      (said) => {
        said.need('pinComplexityPolicyURL');
        expect(said.get('pinComplexityPolicy') !== undefined, 'pinComplexityPolicy', 'none');
      },
    ),
    infoCheck(
      'vendorPrototypeConfigCommands.subcommand',
      'A key with vendorPrototypeConfigCommands has the config subcommand vendorPrototype.',
      'get-info-vendor-commands-alone',
      (said) => {
        said.need('vendorPrototypeConfigCommands');
        const commands = said.list('authenticatorConfigCommands');
        expect(commands.includes(0xff), 'the subcommand 255', commands);
      },
    ),
    infoCheck(
      'authenticatorConfigCommands.setMinPINLength',
      'A key with the option setMinPINLength has the config subcommand of that name.',
      'get-info-hides-set-min-pin-length-command',
      (said) => {
        if (said.options.get('setMinPINLength') !== true) throw new NotApplicable('setMinPINLength is not true');
        const commands = said.list('authenticatorConfigCommands');
        expect(commands.includes(0x03), 'the subcommand 3', commands);
      },
    ),
    infoCheck(
      'attestationFormats.none',
      'attestationFormats leaves out none, which every key has.',
      'get-info-lists-none',
      (said) => expect(!said.list('attestationFormats').includes('none'), 'no format none'),
      { severity: 'warning' },
    ),
    {
      id: 'getInfo.options.bioEnroll.enrolled',
      section: GET_INFO,
      statement: 'The option bioEnroll is true while a finger is enrolled.',
      needs: { options: ['bioEnroll'], finger: true },
      faults: ['get-info-hides-enrolled-finger'],
      async run(key) {
        const { options } = await Said.of(key);
        expectEqual(options.get('bioEnroll'), true, 'bioEnroll of a key with a finger');
      },
    },
    {
      id: 'getInfo.remainingDiscoverableCredentials.falls',
      section: GET_INFO,
      statement: 'remainingDiscoverableCredentials does not grow when a passkey is made.',
      needs: { options: ['rk'], touches: 1, spoils: true },
      faults: ['get-info-remaining-grows'],
      async run(key) {
        const before = (await Said.of(key)).number('remainingDiscoverableCredentials');
        await register(key, { options: { rk: true } });
        const after = (await Said.of(key)).number('remainingDiscoverableCredentials');
        expect(after <= before, `at most ${before} remaining`, after);
      },
    },
    {
      id: 'getInfo.options.alwaysUv.toggled',
      section: 'CTAP 2.3 §7.2',
      statement: 'With alwaysUv switched on, makeCredUvNotRqd is not true.',
      needs: { options: ['alwaysUv', 'authnrCfg'], pin: true, spoils: true },
      faults: ['get-info-always-uv-leaves-not-required'],
      async run(key) {
        const token = await key.token(Permission.authenticatorConfiguration);
        await new ConfigClient(key.ctap2, token).toggleAlwaysUv();
        const { options } = await Said.of(key);
        expect(options.get('makeCredUvNotRqd') !== true, 'makeCredUvNotRqd to be false', true);
      },
    },
  ],
};
