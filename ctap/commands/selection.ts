/** authenticatorSelection (0x0B): CTAP 2.3 §6.9. Neither request nor answer has parameters. */
import { Command } from './index.ts';

/** The whole request: the command byte alone. */
export const selectionRequest: Uint8Array = Uint8Array.of(Command.authenticatorSelection);
