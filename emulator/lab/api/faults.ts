/** Deliberate misbehaviour of keys. */
import { createRoute, z } from '@hono/zod-openapi';
import type { Lab } from '../lab.ts';
import { Problem } from '../problem.ts';
import { type ControlApi, findKey, json, problems } from './routes.ts';

const tags = ['Faults'];

const Fault = z.strictObject({ id: z.string(), summary: z.string() }).openapi('Fault');
const Active = z
  .strictObject({ active: z.array(z.string()) })
  .openapi('ActiveFaults', { description: 'Ids of the faults that are on, the first one first' });

const FaultPath = z.strictObject({
  id: z.string().openapi({ param: { name: 'id', in: 'path' }, description: 'The name of a key', example: '1' }),
  fault: z.string().openapi({ param: { name: 'fault', in: 'path' }, description: 'The id of a fault' }),
});

const listFaults = createRoute({
  method: 'get',
  path: '/faults',
  summary: 'All faults that a key can be given',
  tags,
  responses: { 200: json(z.strictObject({ faults: z.array(Fault) }), 'The faults'), ...problems() },
});

const turnOn = createRoute({
  method: 'put',
  path: '/keys/{id}/faults/{fault}',
  summary: 'Turns a fault on',
  tags,
  request: { params: FaultPath },
  responses: { 200: json(Active, 'What is on now'), ...problems(404) },
});

const turnOff = createRoute({
  method: 'delete',
  path: '/keys/{id}/faults/{fault}',
  summary: 'Turns a fault off',
  tags,
  request: { params: FaultPath },
  responses: { 200: json(Active, 'What is on now'), ...problems(404) },
});

/** Loaded when somebody wants one: they would be most of a lab's start. */
function allFaults() {
  return import('../../faults/index.ts');
}

export function faultRoutes(api: ControlApi, lab: Lab): void {
  const change = async ({ id, fault }: z.infer<typeof FaultPath>, on: boolean) => {
    const key = findKey(lab, id);
    const { faults } = await allFaults();
    if (!faults.has(fault)) throw new Problem(404, 'no_such_fault', `there is no fault ${JSON.stringify(fault)}`);
    if (on) await key.key.faults.turnOn(fault);
    else key.key.faults.turnOff(fault);
    key.changed();
    return { active: [...key.key.faults.active] };
  };
  api.openapi(listFaults, async (c) => {
    const { faults } = await allFaults();
    return c.json({ faults: Array.from(faults.values(), ({ id, summary }) => ({ id, summary })) }, 200);
  });
  api.openapi(turnOn, async (c) => c.json(await change(c.req.valid('param'), true), 200));
  api.openapi(turnOff, async (c) => c.json(await change(c.req.valid('param'), false), 200));
}
