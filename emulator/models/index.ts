/** The models that --model knows. */
import type { Model } from './model.ts';
import { token2R3 } from './token2-r3.ts';

export { type Model, speaksCtap2, type UsbIdentity } from './model.ts';

export const models: ReadonlyMap<string, Model> = new Map([token2R3].map((model) => [model.name, model]));
export const defaultModel: Model = token2R3;

/** The model of that name; throws a RangeError that lists the names there are. */
export function findModel(name: string): Model {
  const model = models.get(name);
  if (model) return model;
  throw new RangeError(`there is no model "${name}"; known models: ${[...models.keys()].join(', ')}`);
}
