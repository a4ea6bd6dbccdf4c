import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Permission } from '../../../ctap/pin-uv-auth/index.ts';
import { systemClock } from '../../../emulator/clock.ts';
import { LabPresence } from '../../../emulator/lab/touch-policy.ts';
import { createBrowserlessClient, SecurityKey } from '../../../harness/browsers/index.ts';
import { Ctap2Client } from '../../../harness/client/ctap2.ts';
import { FingerprintsClient } from '../../../harness/client/fingerprints.ts';
import { PinClient } from '../../../harness/client/pin.ts';
import {
  compareRecordings,
  formatDifference,
  type MessageStep,
  parseRecording,
  Recorder,
  type Recording,
  readRecording,
  replay,
} from '../../../harness/recording/index.ts';
import { creation, descriptor, ORIGIN, request } from '../webauthn/page.ts';

const SEED = '00112233445566778899aabbccddeeff';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctaplab-recording-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const verified = { authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } as const;

/** A registration with a PIN, a sign-in, a wrong PIN, and one that is refused by hand. */
async function recordFlow(seed = SEED): Promise<Recording> {
  const recorder = new Recorder({ seed });
  const presence = new LabPresence('auto', systemClock);
  let pin = '2468';
  const client = await createBrowserlessClient({ origin: ORIGIN, recorder, presence, ui: { pin: () => pin } });
  await client.create(creation(verified));
  await client.get(request({ userVerification: 'required' }));
  presence.policy = 'deny';
  await expect(client.get(request())).rejects.toThrow();
  pin = '0000';
  await expect(client.get(request({ userVerification: 'required' }))).rejects.toThrow();
  await client.close();
  return recorder.recording();
}

const messagesOf = ({ steps }: Recording) => steps.filter((step): step is MessageStep => step.type === 'message');

describe('a recording', () => {
  it('tells the whole flow: options, client data, messages by their names, outcomes', async () => {
    const recording = await recordFlow();
    expect(recording).toMatchObject({
      format: 'ctaplab recording',
      version: 1,
      key: { model: 'token2-r3', seed: SEED },
    });
    expect(recording.steps[0]).toMatchObject({ type: 'plug' });
    expect(recording.steps[1]).toMatchObject({
      type: 'ceremony',
      ceremony: 1,
      request: 'create',
      origin: ORIGIN,
      options: creation(verified),
    });
    expect(recording.steps.filter(({ type }) => type === 'outcome')).toMatchObject([
      { ceremony: 1, clientData: { type: 'webauthn.create', origin: ORIGIN }, credential: { type: 'public-key' } },
      { ceremony: 2, clientData: { type: 'webauthn.get' } },
      { ceremony: 3, error: { name: 'NotAllowedError' } },
      { ceremony: 4, error: { name: 'NotAllowedError' } },
    ]);
    const made = messagesOf(recording).find(({ request: { command } }) => command === 'authenticatorMakeCredential');
    expect(made).toMatchObject({
      ceremony: 1,
      answers: ['touched'],
      request: { parameters: { rp: { id: 'example.com' }, pubKeyCredParams: [{ alg: -7, type: 'public-key' }] } },
      response: {
        status: 'CTAP2_OK',
        members: { fmt: 'packed', authData: { flags: ['UP', 'UV', 'AT'], signCount: 1 } },
      },
    });
  });

  it('goes through a file, and replays to the byte', async () => {
    const recorder = new Recorder();
    const client = await createBrowserlessClient({ origin: ORIGIN, recorder });
    await client.create(creation());
    await client.close();
    const file = join(folder, 'one.json');
    await recorder.save(file);
    const read = await readRecording(file);
    expect(read).toEqual(JSON.parse(JSON.stringify(recorder.recording())));
    expect(compareRecordings(read, await replay(read))).toEqual([]);
  });

  it('replays PINs, refusals and wrong PINs to the byte', async () => {
    const recording = await recordFlow();
    const again = await replay(recording);
    expect(messagesOf(again)).toHaveLength(messagesOf(recording).length);
    expect(messagesOf(again).map(({ response }) => response?.hex)).toEqual(
      messagesOf(recording).map(({ response }) => response?.hex),
    );
    expect(compareRecordings(recording, again)).toEqual([]);
  });

  it('replays what was called off, and a key that was pulled out and put back', async () => {
    const recorder = new Recorder({ seed: SEED });
    const presence = new LabPresence('manual', systemClock);
    const client = await createBrowserlessClient({ origin: ORIGIN, recorder, presence });
    const control = new AbortController();
    const calledOff = client.create(creation(), { signal: control.signal });
    await expect.poll(() => presence.manual.pending.length).toBe(1);
    control.abort();
    await expect(calledOff).rejects.toThrow();
    await client.close();
    const recording = recorder.recording();
    expect(messagesOf(recording).at(-1)).toMatchObject({
      answers: ['cancelled'],
      response: { status: 'CTAP2_ERR_KEEPALIVE_CANCEL' },
    });
    expect(compareRecordings(recording, await replay(recording))).toEqual([]);
  });

  it('replays a key that goes in the middle of its work', async () => {
    const recorder = new Recorder({ seed: SEED });
    const key = await SecurityKey.open({ recorder, touch: 'manual' });
    const [device] = await key.devices(new AbortController().signal);
    const asked = device!.cbor(Uint8Array.of(0x0b));
    asked.catch(() => 'awaited below');
    await key.waitForTouch();
    await key.remove();
    await expect(asked).rejects.toThrow();
    await key.insert();
    const [again] = await key.devices(new AbortController().signal);
    const selected = again!.cbor(Uint8Array.of(0x0b));
    await key.touch();
    await selected;
    await key.close();
    const recording = recorder.recording();
    expect(recording.steps.map(({ type }) => type)).toEqual(['plug', 'message', 'unplug', 'plug', 'message', 'unplug']);
    expect(messagesOf(recording)).toMatchObject([
      { answers: ['cancelled'], response: null },
      { answers: ['touched'], response: { status: 'CTAP2_OK' } },
    ]);
    expect(compareRecordings(recording, await replay(recording))).toEqual([]);
  });

  it('replays U2F, and other algorithms', async () => {
    for (const model of ['u2f-only', 'ctap2.3-everything']) {
      const recorder = new Recorder({ seed: SEED });
      const client = await createBrowserlessClient({ origin: ORIGIN, recorder, model });
      const { id } = await client.create(creation());
      await client.get(request({ allowCredentials: [descriptor(id)] }));
      await client.close();
      expect(compareRecordings(recorder.recording(), await replay(recorder.recording()))).toEqual([]);
    }
  });
});

it('replays fingers on a sensor', async () => {
  const recorder = new Recorder({ seed: SEED });
  const key = await SecurityKey.open({ recorder, model: 'token2-bio3' });
  const [device] = await key.devices(new AbortController().signal);
  const ctap2 = new Ctap2Client(device!);
  const pin = new PinClient(ctap2);
  await pin.setPin('246813');
  const token = await pin.getPinUvAuthToken({ pin: '246813', permissions: Permission.bioEnrollment });
  key.finger('thumb', 'FP_TOO_LEFT');
  await new FingerprintsClient(ctap2, token).enroll({ onSample: () => key.finger('thumb') });
  await key.close();
  const recording = recorder.recording();
  expect(messagesOf(recording).flatMap(({ answers }) => answers)[0]).toEqual({
    finger: 'thumb',
    feedback: 'FP_TOO_LEFT',
  });
  expect(compareRecordings(recording, await replay(recording))).toEqual([]);
});

describe('compareRecordings', () => {
  it('names the members that differ', async () => {
    const [a, b] = [await recordFlow(), await recordFlow('ff')];
    const differences = compareRecordings(a, b).map(formatDifference);
    expect(differences[0]).toBe(`key.seed: expected "${SEED}", got "ff"`);
    expect(differences.join('\n')).toMatch(
      /step \d+, response\.members\.authData\.credentialId: expected "[0-9a-f]+", got "[0-9a-f]+"/,
    );
  });

  it('believes the bytes, and tells them where no member differs', async () => {
    const recording = await recordFlow();
    const index = recording.steps.findIndex(
      (step) => step.type === 'message' && step.request.command === 'authenticatorMakeCredential',
    );
    const step = recording.steps[index] as MessageStep;
    const tampered = (response: MessageStep['response']): Recording => ({
      ...recording,
      steps: recording.steps.with(index, { ...step, response }),
    });
    expect(compareRecordings(recording, tampered({ ...step.response!, status: 'made up' }))).toEqual([]);
    expect(compareRecordings(recording, tampered({ ...step.response!, hex: '27' }))[0]).toMatchObject({
      step: index + 1,
      path: 'response.status',
      expected: 'CTAP2_OK',
      got: 'CTAP2_ERR_OPERATION_DENIED',
    });
    const gone = compareRecordings(recording, { ...recording, steps: recording.steps.slice(0, -1) }).map(
      formatDifference,
    );
    expect(gone).toEqual([`step ${recording.steps.length}: expected {"type":"unplug"}, got nothing`]);
  });

  it('shows a replay with another key', async () => {
    const recording = await recordFlow();
    const other = await replay({ ...recording, key: { ...recording.key, seed: 'ff' } });
    expect(compareRecordings(recording, other).map(({ path }) => path)).toContain('key.seed');
    expect(compareRecordings(recording, other).length).toBeGreaterThan(5);
  });
});

describe('a file that is no recording', () => {
  const good = { format: 'ctaplab recording', version: 1, key: { model: 'm', seed: '00', startedAt: '2026-01-01' } };
  const message = { at: 0, type: 'message', protocol: 'ctap2', request: { hex: '04' }, answers: [], response: null };

  it.each([
    [[], 'the file: expected a JSON object, got []'],
    [{}, 'format: expected "ctaplab recording", got nothing'],
    [{ ...good, version: 2 }, 'version: expected 1, got 2'],
    [{ ...good, key: null }, 'key: expected a JSON object, got null'],
    [{ ...good, key: { ...good.key, seed: 'xyz' } }, 'key.seed: expected bytes in hexadecimal, got "xyz"'],
    [{ ...good, key: { ...good.key, startedAt: 'then' } }, 'key.startedAt: expected a time in ISO 8601, got "then"'],
    [good, 'steps: expected a list, got nothing'],
    [
      { ...good, steps: [{ at: 0, type: 'dance' }] },
      'steps[0].type: expected plug, unplug, ceremony, message, outcome',
    ],
    [{ ...good, steps: [{ at: -1, type: 'plug' }] }, 'steps[0].at: expected milliseconds, got -1'],
    [{ ...good, steps: [{ ...message, request: {} }] }, 'steps[0].request.hex: expected bytes in hexadecimal'],
    [{ ...good, steps: [{ ...message, answers: ['maybe'] }] }, 'steps[0].answers[0]: expected touched, denied'],
    [
      { ...good, steps: [{ ...message, protocol: 'smtp' }] },
      'steps[0].protocol: expected "ctap2" or "u2f", got "smtp"',
    ],
  ])('is refused: %j', (value, error) => {
    expect(() => parseRecording(value)).toThrow(error);
  });

  it('is refused by its name', async () => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, '{');
    await expect(readRecording(file)).rejects.toThrow(`${file}: expected JSON, got something else`);
    writeFileSync(file, '{}');
    await expect(readRecording(file)).rejects.toThrow(`${file}: format: expected`);
  });

  it('cannot be replayed where it has messages without a key that is in', async () => {
    const recording = parseRecording({ ...good, key: { ...good.key, model: 'token2-r3' }, steps: [message] });
    await expect(replay(recording)).rejects.toThrow('expected a key that is plugged in');
  });
});
