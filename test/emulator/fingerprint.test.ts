import { describe, expect, it } from 'vitest';
import { manualClock } from '../../emulator/clock.ts';
import type { CaptureRequest } from '../../emulator/environment.ts';
import { handFingerprints, ManualFingerprints, PresentedFingerprints } from '../../emulator/fingerprint.ts';
import { autoPresence, denyPresence, ManualPresence } from '../../emulator/presence.ts';

const enroll: CaptureRequest = { purpose: 'enroll', enrolled: ['finger 2'] };
const verify: CaptureRequest = { purpose: 'verify', enrolled: ['thumb', 'index'] };
const call = () => new AbortController();

describe('the hand that touches the key', () => {
  const hand = handFingerprints(autoPresence);

  it('brings a new finger to an enrolment, keeps it, and brings the first one for verification', async () => {
    expect(await hand.capture(enroll, call())).toEqual({ finger: 'finger 3', feedback: 'FP_GOOD' });
    expect(await hand.capture({ ...enroll, enrolled: ['finger 2', 'finger 3'] }, call())).toMatchObject({
      finger: 'finger 4',
    });
    expect(await hand.capture({ ...enroll, enrolling: 'finger 3' }, call())).toMatchObject({ finger: 'finger 3' });
    expect(await hand.capture(verify, call())).toMatchObject({ finger: 'thumb' });
  });

  it('brings no finger where it refuses', async () => {
    expect(await handFingerprints(denyPresence).capture(verify, call())).toBe('timeout');
  });
});

describe('named fingers', () => {
  it('come before the hand, each of them once', async () => {
    const sensor = new PresentedFingerprints(autoPresence);
    sensor.present('stranger');
    sensor.present('thumb', 'FP_TOO_FAST');
    const seen = [await sensor.capture(verify, call()), await sensor.capture(verify, call())];
    expect(seen).toEqual([
      { finger: 'stranger', feedback: 'FP_GOOD' },
      { finger: 'thumb', feedback: 'FP_TOO_FAST' },
    ]);
    expect(await sensor.capture(verify, call())).toEqual({ finger: 'thumb', feedback: 'FP_GOOD' });
  });

  it('answer a sensor that waits for a touch, which is then not asked for any more', async () => {
    const presence = new ManualPresence(manualClock(0));
    const sensor = new PresentedFingerprints(presence);
    const sample = sensor.capture(verify, call());
    expect(presence.pending).toMatchObject([{ request: { operation: 'verifyFingerprint' } }]);
    sensor.present('index');
    expect(await sample).toEqual({ finger: 'index', feedback: 'FP_GOOD' });
    expect(presence.pending).toEqual([]);
    const touched = sensor.capture(verify, call());
    presence.touch();
    expect(await touched).toEqual({ finger: 'thumb', feedback: 'FP_GOOD' });
  });

  it.each(['presented', 'manual'])('leave a %s sensor alone that was called off', async (kind) => {
    const clock = manualClock(0);
    const presence = new ManualPresence(clock);
    const sensor = kind === 'manual' ? new ManualFingerprints(clock) : new PresentedFingerprints(presence);
    const abort = call();
    const sample = sensor.capture(verify, abort);
    abort.abort(new Error('called off'));
    await expect(sample).rejects.toThrow('called off');
    expect(presence.pending).toEqual([]);
    sensor.present('thumb');
    expect(await sensor.capture(verify, call())).toMatchObject({ finger: 'thumb' });
    await expect(sensor.capture(verify, abort)).rejects.toThrow('called off');
  });
});
