/** What checks of authenticatorBioEnrollment ask for and do over and again. */
import type { Needs } from '../check.ts';

export const MANAGES: Needs = { pin: true, options: ['bioEnroll', 'pinUvAuthToken'] };

export const UNKNOWN = Uint8Array.of(0xde, 0xad);
