/** A key of the time before CTAP2: U2F 1.2 and nothing else. */
import { labKey } from './lab-key.ts';
import type { Model } from './model.ts';

export const u2fOnly: Model = {
  ...labKey,
  name: 'u2f-only',
  description: 'a key that speaks U2F alone',
  serialPrefix: '00012',
  aaguid: new Uint8Array(16),
  applets: ['u2f'],
  versions: ['U2F_V2'],
  lastInfoMember: 0,
  options: [],
  extensions: [],
  pinUvAuthProtocols: [],
  maxDiscoverableCredentials: 0,
  attestationFormats: ['fido-u2f'],
};
