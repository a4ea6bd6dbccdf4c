/** authenticatorReset (0x07): CTAP 2.3 §6.6. Neither request nor answer has parameters. */
import { Command } from './index.ts';

/** The whole request: the command byte alone. */
export const resetRequest: Uint8Array = Uint8Array.of(Command.authenticatorReset);

/** Milliseconds after power-up within which a key without a display takes a reset (§6.6). */
export const RESET_WINDOW = 10_000;
