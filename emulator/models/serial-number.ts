/** Serial numbers: five digits of the model, a check digit, the unit. */
import type { Random } from '../environment.ts';
import type { Model } from './model.ts';

const UNIT_DIGITS = 8;

/** A serial number for a new key of the model. */
export function drawSerialNumber({ serialPrefix }: Model, random: Random): string {
  const unit = Array.from({ length: UNIT_DIGITS }, () => digit(random)).join('');
  return `${serialPrefix}${checkDigit(serialPrefix + unit)}${unit}`;
}

/** Each digit as likely as any other. */
function digit(random: Random): number {
  for (;;) {
    const [byte = 0] = random.bytes(1);
    if (byte < 250) return byte % 10;
  }
}

/** How the makers of real keys compute their check digit is not public; this is Luhn's way (ISO/IEC 7812-1). */
export function checkDigit(digits: string): number {
  const sum = Array.from(digits)
    .reverse()
    .map(Number)
    .map((value, index) => (index % 2 === 1 ? value : value > 4 ? 2 * value - 9 : 2 * value))
    .reduce((a, b) => a + b, 0);
  return (10 - (sum % 10)) % 10;
}
