import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../emulator/environment.ts';
import { formatTouchPolicy, LabPresence, parseTouchPolicy } from '../../../emulator/lab/touch-policy.ts';
import { parseTransport } from '../../../emulator/lab/transport.ts';

describe('parseTouchPolicy', () => {
  it.each(['auto', 'manual', 'deny', 'after=0', 'after=1500'])('reads and writes %s', (text) => {
    expect(formatTouchPolicy(parseTouchPolicy(text))).toBe(text);
  });

  it.each(['', 'Auto', 'after', 'after=', 'after=-1', 'after=1.5', 'after=1e3', 'after=1234567890', ' auto'])(
    'refuses %j and says what is possible',
    (text) => {
      expect(() => parseTouchPolicy(text)).toThrow(RangeError);
      expect(() => parseTouchPolicy(text)).toThrow(
        `expected auto, manual, deny or after=MS, got ${JSON.stringify(text)}`,
      );
    },
  );
});

describe('parseTransport', () => {
  it.each([
    ['uhid', { kind: 'uhid' }],
    ['udp', { kind: 'udp', port: 0 }],
    ['udp:7112', { kind: 'udp', port: 7112 }],
    ['udp:65535', { kind: 'udp', port: 65535 }],
    ['vpcd', { kind: 'vpcd', port: 35963 }],
    ['vpcd:4711', { kind: 'vpcd', port: 4711 }],
  ])('reads %s', (text, choice) => {
    expect(parseTransport(text)).toEqual(choice);
  });

  it.each(['', 'usb', 'udp:', 'udp:65536', 'udp:0x10', 'udp:7112:1', 'UDP', 'vpcd:0', 'vpcd:65536'])(
    'refuses %j',
    (text) => {
      expect(() => parseTransport(text)).toThrow(`got ${JSON.stringify(text)}`);
    },
  );
});

describe('LabPresence', () => {
  const due: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    after(milliseconds, action) {
      if (milliseconds === 250) due.push(action);
      return { cancel() {} };
    },
  };
  const ask = (presence: LabPresence) => presence.request({ operation: 'makeCredential' }, new AbortController());

  it('touches or refuses at once', async () => {
    expect(await ask(new LabPresence('auto', clock))).toBe('touched');
    expect(await ask(new LabPresence('deny', clock))).toBe('denied');
  });

  it('touches when its time has come', async () => {
    const answer = ask(new LabPresence({ after: 250 }, clock));
    for (const action of due) action();
    expect(await answer).toBe('touched');
  });

  it('leaves it to a hand', async () => {
    const presence = new LabPresence('manual', clock);
    const answer = ask(presence);
    expect(presence.manual.pending).toHaveLength(1);
    presence.manual.deny();
    expect(await answer).toBe('denied');
    expect(presence.manual.pending).toHaveLength(0);
  });
});
