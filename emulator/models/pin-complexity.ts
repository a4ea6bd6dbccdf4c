/** Rules against PINs that are easily guessed. */
import type { PinComplexity } from './model.ts';

const LEAST_DIFFERENT = 3;

/** Refuses runs (123456, 654321, aaaaaa), palindromes (123321) and PINs of fewer than three different characters. */
export const noEasyPins: PinComplexity = {
  description: 'no run of characters (123456), no palindrome (123321), at least three different characters',
  accepts(pin) {
    const points = Array.from(pin, (character) => character.codePointAt(0)!);
    return new Set(points).size >= LEAST_DIFFERENT && !isRun(points) && !isPalindrome(points);
  },
};

/** Every character follows the one before at the same distance of -1, 0 or 1. */
function isRun(points: readonly number[]): boolean {
  const step = points[1]! - points[0]!;
  return Math.abs(step) <= 1 && points.every((point, index) => index === 0 || point - points[index - 1]! === step);
}

function isPalindrome(points: readonly number[]): boolean {
  return points.every((point, index) => point === points[points.length - 1 - index]);
}
