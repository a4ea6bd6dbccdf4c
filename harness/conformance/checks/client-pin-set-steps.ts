/** What checks of setPIN and changePIN do over and again. */
import { Command } from '../../../ctap/commands/index.ts';

export const command = Command.authenticatorClientPIN;

/** Text of so many characters, of no simple pattern. */
export function ascii(length: number): string {
  return Array.from({ length }, (_, index) => 'q7V!mK2wZ9c'[index % 11]).join('');
}
