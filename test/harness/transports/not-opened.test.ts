import { describe, expect, it } from 'vitest';
import { notOpened } from '../../../harness/transports/hidraw.ts';

const cause = new Error('cannot open device');

describe('a key that cannot be opened', () => {
  it.each([
    ['win32', /Windows lets administrators alone .*pcsc:READER/],
    ['darwin', /macOS may hold a key back .* Input Monitoring .*pcsc:READER/],
  ] as const)('on %s tells that the system holds it back', (platform, message) => {
    const error = notOpened('path', cause, platform);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'EACCES' });
    expect(error.cause).toBe(cause);
  });

  it('on Linux is gone: who may open it was asked before', () => {
    expect(notOpened('/dev/hidraw0', cause, 'linux')).toMatchObject({
      name: 'DeviceGoneError',
      message: '/dev/hidraw0: cannot be opened as a HID device: cannot open device',
    });
  });
});
