import { expect, it } from 'vitest';
import { noEasyPins } from '../../../emulator/models/pin-complexity.ts';

it.each(['123456', '654321', '000000', 'abcdef', '112211', '123321', '1234321', '121212', 'ababab', '😀😀😀😀😀😀'])(
  'refuses %s',
  (pin) => {
    expect(noEasyPins.accepts(pin)).toBe(false);
  },
);

it.each(['135790', '123457', '194726', 'correct horse', '121213', '😀a😀b😀c'])('takes %s', (pin) => {
  expect(noEasyPins.accepts(pin)).toBe(true);
});
