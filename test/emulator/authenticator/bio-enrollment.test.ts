import { beforeEach, describe, expect, it } from 'vitest';
import type { CborValue } from '../../../ctap/cbor.ts';
import {
  type BioEnrollmentParams,
  bioEnrollmentResponse,
  EnrollFeedback,
  type EnrollFeedbackName,
  BioEnrollmentSubcommand as Subcommand,
} from '../../../ctap/commands/bio-enrollment.ts';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { manualClock } from '../../../emulator/clock.ts';
import { ManualFingerprints } from '../../../emulator/fingerprint.ts';
import { memoryStore } from '../../../emulator/store/memory.ts';
import { complete, without } from './complete-model.ts';
import { Platform, statusOf } from './platform.ts';

const PIN = '123456';
let platform: Platform;
let sensor: ManualFingerprints;
let sensorClock: ReturnType<typeof manualClock>;
let token: Uint8Array;
beforeEach(async () => {
  sensorClock = manualClock(0);
  sensor = new ManualFingerprints(sensorClock);
  platform = await Platform.open({ model: complete, fingerprints: sensor });
  await platform.setPin(PIN);
  token = await be();
});

const be = () => {
  platform.forgetSharedSecret();
  return platform.getToken(PIN, { permissions: Permission.bioEnrollment });
};
const bio = (subCommand: number, params?: BioEnrollmentParams, using: Uint8Array | undefined = token) =>
  platform.bioEnrollment(subCommand, params, using);

/** Enrols a finger with three good samples and gives its template id. */
async function enroll(finger: string): Promise<Uint8Array> {
  sensor.present(finger);
  const { templateId } = await bio(Subcommand.enrollBegin);
  for (let sample = 0; sample < 2; sample++) {
    sensor.present(finger);
    await bio(Subcommand.enrollCaptureNextSample, { templateId });
  }
  return templateId!;
}

const enumerate = async () => (await bio(Subcommand.enumerateEnrollments)).templateInfos!;
const uvOptions = async () => {
  const { uv, bioEnroll, userVerificationMgmtPreview } = (await platform.getInfo()).options!;
  return [uv, bioEnroll, userVerificationMgmtPreview];
};

describe('authenticatorBioEnrollment', () => {
  it('tells modality and sensor without a token', async () => {
    const modality = await platform.call(Command.authenticatorBioEnrollment, new Map([[6, true]]));
    expect(bioEnrollmentResponse.decode(modality, 'answer')).toEqual({ modality: 1 });
    expect(await platform.bioEnrollment(Subcommand.getFingerprintSensorInfo)).toEqual({
      fingerprintKind: 1,
      maxCaptureSamplesRequiredForEnroll: 3,
      maxTemplateFriendlyName: 16,
    });
  });

  it('enrols a finger sample by sample, and then verifies by it', async () => {
    expect(await uvOptions()).toEqual([false, false, false]);
    sensor.present('thumb');
    const first = await bio(Subcommand.enrollBegin);
    expect(first).toMatchObject({ lastEnrollSampleStatus: EnrollFeedback.FP_GOOD, remainingSamples: 2 });
    const { templateId } = first;
    const next = async () => {
      sensor.present('thumb');
      const { remainingSamples, ...sample } = await bio(Subcommand.enrollCaptureNextSample, { templateId });
      expect(sample).toEqual({ lastEnrollSampleStatus: EnrollFeedback.FP_GOOD });
      return remainingSamples;
    };
    expect(await next()).toBe(1);
    expect(await uvOptions()).toEqual([false, false, false]);
    expect(await next()).toBe(0);
    expect(await uvOptions()).toEqual([true, true, true]);
    expect(await enumerate()).toEqual([{ templateId, templateFriendlyName: '' }]);
    expect(await statusOf(next())).toBe('CTAP2_ERR_INVALID_OPTION');
  });

  const faults = Object.keys(EnrollFeedback).filter(
    (name) => !['FP_GOOD', 'FP_MERGE_FAILURE', 'FP_EXISTS', 'NO_USER_ACTIVITY'].includes(name),
  ) as EnrollFeedbackName[];

  it.each(faults)('tells of a sample that is %s, and does not count it', async (feedback) => {
    sensor.present('thumb', feedback);
    const { templateId, ...first } = await bio(Subcommand.enrollBegin);
    expect(first).toEqual({ lastEnrollSampleStatus: EnrollFeedback[feedback], remainingSamples: 3 });
    sensor.present('thumb');
    await bio(Subcommand.enrollCaptureNextSample, { templateId });
    sensor.present('thumb', feedback);
    expect(await bio(Subcommand.enrollCaptureNextSample, { templateId })).toMatchObject({
      lastEnrollSampleStatus: EnrollFeedback[feedback],
      remainingSamples: 2,
    });
  });

  it('tells another finger in the middle, and one that is enrolled already', async () => {
    await enroll('thumb');
    sensor.present('thumb');
    const { templateId, lastEnrollSampleStatus } = await bio(Subcommand.enrollBegin);
    expect(lastEnrollSampleStatus).toBe(EnrollFeedback.FP_EXISTS);
    sensor.present('index');
    await bio(Subcommand.enrollCaptureNextSample, { templateId });
    sensor.present('ring');
    expect(await bio(Subcommand.enrollCaptureNextSample, { templateId })).toMatchObject({
      lastEnrollSampleStatus: EnrollFeedback.FP_MERGE_FAILURE,
      remainingSamples: 2,
    });
  });

  it('waits as long as the platform says, then tells that no finger came', async () => {
    const answer = bio(Subcommand.enrollBegin, { timeoutMilliseconds: 5_000 });
    await new Promise(setImmediate); // until the sensor is read
    expect(sensor.pending).toMatchObject([{ purpose: 'enroll', timeoutMilliseconds: 5_000 }]);
    sensorClock.advance(5_000);
    expect(await answer).toMatchObject({
      lastEnrollSampleStatus: EnrollFeedback.NO_USER_ACTIVITY,
      remainingSamples: 3,
    });
  });

  it('stops waiting when the command is cancelled', async () => {
    const abort = new AbortController();
    const request = new Map<number, CborValue>([[6, true]]);
    await platform.call(Command.authenticatorBioEnrollment, request, abort.signal);
    await enroll('thumb');
    const selecting = platform.getAssertionWith({ options: { uv: true } }, abort.signal);
    await new Promise(setImmediate);
    abort.abort();
    expect(await statusOf(selecting)).toBe('CTAP2_ERR_KEEPALIVE_CANCEL');
    expect(sensor.pending).toEqual([]);
    expect((await platform.clientPin({ subCommand: 7 })).uvRetries).toBe(3);
  });

  it.each(['cancel', 'power cycle', 'another beginning'])('ends an enrolment by %s', async (end) => {
    sensor.present('thumb');
    const { templateId } = await bio(Subcommand.enrollBegin);
    if (end === 'cancel') await platform.bioEnrollment(Subcommand.cancelCurrentEnrollment);
    else if (end === 'power cycle') platform.key.powerCycle();
    else {
      sensor.present('index');
      await bio(Subcommand.enrollBegin);
    }
    token = await be();
    const next = statusOf(bio(Subcommand.enrollCaptureNextSample, { templateId }));
    expect(await next).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await uvOptions()).toEqual([false, false, false]);
  });

  it('names, renames and removes fingers', async () => {
    const [thumb, index] = [await enroll('thumb'), await enroll('index')];
    await bio(Subcommand.setFriendlyName, { templateId: index, templateFriendlyName: 'right index' });
    expect(await enumerate()).toEqual([
      { templateId: thumb, templateFriendlyName: '' },
      { templateId: index, templateFriendlyName: 'right index' },
    ]);
    await bio(Subcommand.setFriendlyName, { templateId: index, templateFriendlyName: 'ä'.repeat(8) });
    const long = bio(Subcommand.setFriendlyName, { templateId: index, templateFriendlyName: `${'ä'.repeat(8)}x` });
    expect(await statusOf(long)).toBe('CTAP1_ERR_INVALID_LENGTH');
    const first = { templateId: index, templateFriendlyName: 'x'.repeat(17) };
    const stranger = bio(Subcommand.setFriendlyName, first, new Uint8Array(32));
    expect(await statusOf(stranger)).toBe('CTAP1_ERR_INVALID_LENGTH'); // before the token is looked at
    await bio(Subcommand.removeEnrollment, { templateId: thumb });
    expect(await enumerate()).toEqual([{ templateId: index, templateFriendlyName: 'ä'.repeat(8) }]);
    await bio(Subcommand.removeEnrollment, { templateId: index });
    expect(await statusOf(enumerate())).toBe('CTAP2_ERR_INVALID_OPTION');
    expect(await uvOptions()).toEqual([false, false, false]);
  });

  it('has places for as many fingers as the model says', async () => {
    for (const finger of ['thumb', 'index', 'middle']) await enroll(finger);
    expect(await statusOf(bio(Subcommand.enrollBegin))).toBe('CTAP2_ERR_FP_DATABASE_FULL');
    expect(await enumerate()).toHaveLength(3);
    await bio(Subcommand.removeEnrollment, { templateId: (await enumerate())[0]!.templateId });
    expect(await enroll('ring')).toHaveLength(8);
  });

  it('keeps fingers over the process, and loses them by a reset', async () => {
    const store = memoryStore();
    platform = await Platform.open({ model: complete, fingerprints: sensor, store });
    await platform.setPin(PIN);
    token = await be();
    await enroll('thumb');
    platform = await Platform.open({ model: complete, fingerprints: sensor, store });
    expect(await uvOptions()).toEqual([true, true, true]);
    await platform.call(Command.authenticatorReset);
    expect(await uvOptions()).toEqual([false, false, false]);
  });

  it('answers the command byte of FIDO_2_1_PRE, with a token of getPinToken too', async () => {
    const preview = Command.prototypeAuthenticatorBioEnrollment;
    platform.forgetSharedSecret();
    const plain = await platform.getToken(PIN);
    sensor.present('thumb');
    const { templateId } = await platform.bioEnrollment(Subcommand.enrollBegin, undefined, plain, preview);
    expect(templateId).toHaveLength(8);
    expect(await statusOf(platform.bioEnrollment(Subcommand.enrollBegin, undefined, plain))).toBe(
      'CTAP2_ERR_PIN_AUTH_INVALID',
    );
  });

  it('does not exist on a model without a sensor', async () => {
    const { fingerprints: _, ...bare } = without('bioEnroll', 'uv', 'userVerificationMgmtPreview', 'uvBioEnroll');
    platform = await Platform.open({ model: bare });
    expect(await statusOf(platform.bioEnrollment(Subcommand.getFingerprintSensorInfo))).toBe(
      'CTAP1_ERR_INVALID_COMMAND',
    );
    expect((await platform.getInfo()).uvModality).toBeUndefined();
  });
});

describe('bad input of authenticatorBioEnrollment', () => {
  const templateId = new Uint8Array(8);
  it.each<[string, number, BioEnrollmentParams | undefined]>([
    ['enrollCaptureNextSample without templateId', Subcommand.enrollCaptureNextSample, {}],
    ['enrollCaptureNextSample without parameters', Subcommand.enrollCaptureNextSample, undefined],
    ['setFriendlyName without name', Subcommand.setFriendlyName, { templateId }],
    ['setFriendlyName without templateId', Subcommand.setFriendlyName, { templateFriendlyName: 'x' }],
    ['removeEnrollment without templateId', Subcommand.removeEnrollment, {}],
  ])('%s is CTAP2_ERR_MISSING_PARAMETER', async (_, subCommand, params) => {
    expect(await statusOf(bio(subCommand, params))).toBe('CTAP2_ERR_MISSING_PARAMETER');
  });

  it.each<[string, number, BioEnrollmentParams]>([
    ['enrollCaptureNextSample', Subcommand.enrollCaptureNextSample, { templateId }],
    ['setFriendlyName', Subcommand.setFriendlyName, { templateId, templateFriendlyName: 'x' }],
    ['removeEnrollment', Subcommand.removeEnrollment, { templateId }],
  ])('%s of an unknown template is CTAP2_ERR_INVALID_OPTION', async (_, subCommand, params) => {
    expect(await statusOf(bio(subCommand, params))).toBe('CTAP2_ERR_INVALID_OPTION');
  });

  it.each([
    Subcommand.enrollBegin,
    Subcommand.enrollCaptureNextSample,
    Subcommand.enumerateEnrollments,
    Subcommand.setFriendlyName,
    Subcommand.removeEnrollment,
  ])('subcommand %i wants a token with the permission be', async (subCommand) => {
    const params = { templateId, templateFriendlyName: 'x' };
    expect(await statusOf(platform.bioEnrollment(subCommand, params))).toBe('CTAP2_ERR_PUAT_REQUIRED');
    const cm = await platform.getToken(PIN, { permissions: Permission.credentialManagement });
    expect(await statusOf(bio(subCommand, params, cm))).toBe('CTAP2_ERR_PIN_AUTH_INVALID');
  });

  it('answers unknown modalities and subcommands, and missing or mistyped members by their status', async () => {
    const send = (entries: [number, CborValue][]) =>
      statusOf(platform.call(Command.authenticatorBioEnrollment, new Map(entries)));
    expect(await send([])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await send([[1, 1]])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await send([[2, 7]])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    expect(await send([[6, false]])).toBe('CTAP2_ERR_MISSING_PARAMETER');
    const seven: [number, CborValue][] = [
      [1, 1],
      [2, 7],
    ];
    expect(await send(seven)).toBe('CTAP2_OK');
    expect(await send([[1, 2], seven[1]!])).toBe('CTAP1_ERR_INVALID_PARAMETER');
    expect(await send([seven[0]!, [2, 8]])).toBe('CTAP2_ERR_INVALID_SUBCOMMAND');
    for (const key of [3, 4, 5, 6]) expect(await send([...seven, [key, 'x']])).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    for (const key of [1, 2, 3]) {
      expect(await send([...seven, [3, new Map([[key, true]])]])).toBe('CTAP2_ERR_CBOR_UNEXPECTED_TYPE');
    }
  });
});
