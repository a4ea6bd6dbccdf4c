/** A programmable token as the API shows it. */
import { z } from '@hono/zod-openapi';
import type { LabToken } from '../lab-token.ts';

export const TokenProfile = z
  .strictObject({
    profile: z.int(),
    title: z.string(),
    code: z.string().nullable().openapi({ description: 'What the display shows now; null without a seed' }),
    period: z.int().openapi({ description: 'Seconds' }),
    remaining: z.number().openapi({ description: 'Seconds until the next code, by the clock of the token' }),
    digits: z.int(),
    algorithm: z.enum(['SHA1', 'SHA256']),
  })
  .openapi('TokenProfile');

export const Token = z
  .strictObject({
    id: z.string(),
    model: z.string(),
    serialNumber: z.string(),
    device: z.string().nullable().openapi({ description: 'The virtual reader that it lies on' }),
    timeSync: z.enum(['restricted', 'unrestricted']),
    driftPpm: z.number().openapi({ description: 'Parts per million by which its crystal runs fast' }),
    now: z.iso.datetime().openapi({ description: 'By the clock of the token' }),
    ahead: z.number().openapi({ description: 'Seconds by which it is ahead of the lab' }),
    profileCount: z.int(),
    profiles: z.array(TokenProfile).openapi({ description: 'The first one, and all that hold something' }),
  })
  .openapi('Token', { description: 'A programmable token' });
export type TokenJSON = z.infer<typeof Token>;

export function tokenJSON(lab: LabToken): TokenJSON {
  const { token, model, settings } = lab;
  const seconds = token.clock.now();
  const profiles: TokenJSON['profiles'] = [];
  for (let profile = 0; profile < model.profiles; profile++) {
    const { title, seed, config } = token.profile(profile);
    if (profile > 0 && seed === undefined && title === '') continue;
    const { period, digits, algorithm } = config;
    const remaining = round(period - (seconds % period));
    profiles.push({ profile, title, code: token.code(profile) ?? null, period, remaining, digits, algorithm });
  }
  return {
    id: lab.id,
    model: model.name,
    serialNumber: token.serial,
    device: lab.device ?? null,
    timeSync: settings.timeSync ?? model.timeSync,
    driftPpm: settings.driftPpm,
    now: new Date(seconds * 1000).toISOString(),
    ahead: round(lab.ahead),
    profileCount: model.profiles,
    profiles,
  };
}

/** To milliseconds. */
function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
