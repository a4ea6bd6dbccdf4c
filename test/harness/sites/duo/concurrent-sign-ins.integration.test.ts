/** Nine in the morning: everybody signs in at once, over TLS. */
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listAuthentications } from '../../../../harness/sites/duo/domain/authentication-log.ts';
import { type DuoService, startDuoService } from '../../../../harness/sites/duo/service.ts';
import { ADMINISTRATOR, Person } from './person.ts';

const PEOPLE = 50;

let service: DuoService;
const defects: unknown[] = [];
const people = new Map<string, Person>();

beforeAll(async () => {
  service = await startDuoService({ administrator: ADMINISTRATOR, onDefect: (error) => defects.push(error) });
  const names = Array.from({ length: PEOPLE }, (_, index) => `user${index}`);
  await Promise.all(names.map(async (name) => people.set(name, await Person.enrolled(service, name))));
});
afterAll(async () => {
  for (const person of people.values()) person.close();
  await service.close();
});

const challengeOf = ({ response }: AuthenticationResponseJSON) =>
  (JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()) as { challenge: string }).challenge;

it(`signs ${PEOPLE} people in at the same time, each once, although every answer comes twice`, async () => {
  const challenges: string[] = [];
  const outcomes = await Promise.all(
    [...people].map(async ([name, person]) => {
      await person.name(name);
      const answer = person.key.authenticate(await person.requestOptions());
      challenges.push(challengeOf(answer));
      // Both with the cookie of before: the first one's answer brings a session of its own.
      const sent = ['first', 'second'].map(() => person.send('POST', '/sign-in/assertion', JSON.stringify(answer)));
      return { name, statuses: (await Promise.all(sent)).map(({ status }) => status).sort() };
    }),
  );
  expect(outcomes).toEqual([...people.keys()].map((name) => ({ name, statuses: [200, 400] })));
  expect(new Set(challenges).size).toBe(PEOPLE);
  const entries = listAuthentications(service.tenant, { limit: 4 * PEOPLE });
  const signIns = entries.filter(({ integrationName }) => integrationName === 'Device portal');
  expect(signIns.map(({ username, result }) => `${username} ${result}`).sort()).toEqual(
    [...people.keys()].map((name) => `${name} success`).sort(),
  );
  const opened = await Promise.all([...people.values()].map((person) => person.get('/portal')));
  for (const [index, name] of [...people.keys()].entries()) {
    expect(opened[index]).toMatchObject({ path: '/portal', text: expect.stringContaining(`title="${name}"`) });
  }
  const sessions = [...people.values()].map(({ cookies }) => [...cookies.values()].join());
  expect(new Set(sessions).size).toBe(PEOPLE);
  expect(defects).toEqual([]);
});
