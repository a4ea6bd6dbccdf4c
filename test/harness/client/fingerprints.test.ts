import { beforeEach, describe, expect, it } from 'vitest';
import { Command } from '../../../ctap/commands/index.ts';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { ManualFingerprints } from '../../../emulator/fingerprint.ts';
import { findModel, type Model } from '../../../emulator/models/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { type EnrollmentSample, FingerprintsClient } from '../../../harness/client/fingerprints.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import { openKey, plugIn } from './keys.ts';

const PIN = '735917';
const everything = findModel('ctap2.3-everything');

let ctap2: Ctap2Client;
let sensor: ManualFingerprints;
/** Command bytes that were sent. */
let sent: number[];

async function open(model: Model, patience?: number): Promise<void> {
  sensor = new ManualFingerprints(systemClock, patience);
  const device = await plugIn(await openKey({ model, fingerprints: sensor }));
  sent = [];
  const { cbor } = device;
  device.cbor = (request, exchange) => {
    sent.push(request[0]!);
    return cbor.call(device, request, exchange);
  };
  ctap2 = new Ctap2Client(device);
  await new PinClient(ctap2).setPin(PIN);
}

async function fingerprints(permissions: number = Permission.bioEnrollment): Promise<FingerprintsClient> {
  return new FingerprintsClient(ctap2, await new PinClient(ctap2).getPinUvAuthToken({ pin: PIN, permissions }));
}

/** Puts a finger on the sensor, once or several times. */
function touch(finger: string, times: number): void {
  for (let time = 0; time < times; time++) sensor.present(finger);
}

/** Enrols a finger without a fault. */
async function enroll(client: FingerprintsClient, finger: string, samples: number): Promise<Uint8Array> {
  touch(finger, samples);
  return client.enroll();
}

beforeEach(() => open(everything));

describe('fingerprints', () => {
  it.each(['ctap2.3-everything', 'token2-bio3'])('are enrolled, named, listed and removed on %s', async (name) => {
    const model = findModel(name);
    await open(model);
    const client = await fingerprints();
    expect(await client.sensorInfo()).toEqual({
      kind: 'touch',
      samplesToEnroll: model.fingerprints!.samplesToEnroll,
      maxNameLength: model.fingerprints!.maxTemplateFriendlyName,
    });
    expect(await client.list()).toEqual([]);
    const thumb = await enroll(client, 'thumb', model.fingerprints!.samplesToEnroll);
    const index = await enroll(client, 'index', model.fingerprints!.samplesToEnroll);
    await client.rename(thumb, 'Daumen');
    expect(await client.list()).toEqual([
      { templateId: thumb, templateFriendlyName: 'Daumen' },
      { templateId: index, templateFriendlyName: '' },
    ]);
    await client.remove(thumb);
    expect((await client.list()).map(({ templateId }) => templateId)).toEqual([index]);
    expect((await ctap2.getInfo()).options).toMatchObject({ bioEnroll: true, uv: true });
    expect(sent).not.toContain(Command.prototypeAuthenticatorBioEnrollment);
  });

  it('tell what the key thinks of each sample', async () => {
    const client = await fingerprints();
    const samples: EnrollmentSample[] = [];
    sensor.present('thumb');
    sensor.present('thumb', 'FP_TOO_FAST');
    sensor.present('index');
    touch('thumb', 2);
    await client.enroll({ onSample: (sample) => samples.push(sample) });
    expect(samples).toEqual([
      { feedback: 'FP_GOOD', remaining: 2 },
      { feedback: 'FP_TOO_FAST', remaining: 2 },
      { feedback: 'FP_MERGE_FAILURE', remaining: 2 },
      { feedback: 'FP_GOOD', remaining: 1 },
      { feedback: 'FP_GOOD', remaining: 0 },
    ]);
  });

  it('give up where nobody puts a finger on the sensor', async () => {
    await open(everything, 1);
    const client = await fingerprints();
    const samples: EnrollmentSample[] = [];
    const enrolling = client.enroll({ onSample: (sample) => samples.push(sample) });
    await expect(enrolling).rejects.toMatchObject({ statusName: 'CTAP2_ERR_USER_ACTION_TIMEOUT' });
    expect(samples.map(({ feedback }) => feedback)).toEqual(Array(3).fill('NO_USER_ACTIVITY'));
    expect(await client.list()).toEqual([]);
  });

  it('are enrolled no further once the user has had enough', async () => {
    const client = await fingerprints();
    const controller = new AbortController();
    sensor.present('thumb');
    const enrolling = client.enroll({
      signal: controller.signal,
      onSample: () => setTimeout(() => controller.abort()), // in the middle of the next capture
    });
    await expect(enrolling).rejects.toMatchObject({ statusName: 'CTAP2_ERR_KEEPALIVE_CANCEL' });
    expect(await client.list()).toEqual([]);
    // the enrolment is over on the key too: the next one begins anew
    expect(await enroll(client, 'index', 3)).toHaveLength(8);
  });

  it('have only so many places', async () => {
    const client = await fingerprints();
    for (let finger = 0; finger < 5; finger++) await enroll(client, `finger ${finger}`, 3);
    await expect(client.enroll()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_FP_DATABASE_FULL' });
  });

  it('are named within the limits of the key, and known by their id', async () => {
    const client = await fingerprints();
    const thumb = await enroll(client, 'thumb', 3);
    await expect(client.rename(thumb, 'x'.repeat(65))).rejects.toMatchObject({
      statusName: 'CTAP1_ERR_INVALID_LENGTH',
    });
    const other = Uint8Array.of(1, 2, 3);
    await expect(client.rename(other, 'x')).rejects.toMatchObject({ statusName: 'CTAP2_ERR_INVALID_OPTION' });
    await expect(client.remove(other)).rejects.toMatchObject({ statusName: 'CTAP2_ERR_INVALID_OPTION' });
  });

  it('need a token with the permission', async () => {
    const stranger = await fingerprints(Permission.credentialManagement);
    await expect(stranger.list()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PIN_AUTH_INVALID' });
    await expect(new FingerprintsClient(ctap2).list()).rejects.toMatchObject({ statusName: 'CTAP2_ERR_PUAT_REQUIRED' });
    expect(await new FingerprintsClient(ctap2).sensorInfo()).toMatchObject({ kind: 'touch' });
  });

  it('are managed by the prototype command where the key has no other', async () => {
    await open({ ...everything, options: everything.options.filter((name) => name !== 'bioEnroll') });
    const client = await fingerprints();
    const thumb = await enroll(client, 'thumb', 3);
    expect((await client.list()).map(({ templateId }) => templateId)).toEqual([thumb]);
    expect(sent).toContain(Command.prototypeAuthenticatorBioEnrollment);
    expect(sent).not.toContain(Command.authenticatorBioEnrollment);
  });

  it('are none on a key without a sensor', async () => {
    await open(findModel('ctap2.1'));
    await expect(new FingerprintsClient(ctap2).sensorInfo()).rejects.toThrow('this key has no fingerprint sensor');
  });
});
