/** The models that --model knows. */
import { ctap20 } from './ctap2.0.ts';
import { ctap21 } from './ctap2.1.ts';
import { ctap23Everything } from './ctap2.3-everything.ts';
import { ctap23LargeBlob } from './ctap2.3-large-blob.ts';
import type { Model } from './model.ts';
import { token2Bio3 } from './token2-bio3.ts';
import { token2R1 } from './token2-r1.ts';
import { token2R2PinPlus } from './token2-r2-pin-plus.ts';
import { token2R33PinPlus } from './token2-r3.3-pin-plus.ts';
import { token2R3 } from './token2-r3.ts';
import { u2fOnly } from './u2f-only.ts';

export type { Applet, AttestationFormat, FingerprintSensor, Model, PinComplexity, UsbIdentity } from './model.ts';
export { speaksCtap2 } from './model.ts';

export const models: ReadonlyMap<string, Model> = new Map(
  [
    token2R1,
    token2R2PinPlus,
    token2R3,
    token2R33PinPlus,
    token2Bio3,
    u2fOnly,
    ctap20,
    ctap21,
    ctap23Everything,
    ctap23LargeBlob,
  ].map((model) => [model.name, model]),
);
export const defaultModel: Model = token2R3;

/** The model of that name; throws a RangeError that lists the names there are. */
export function findModel(name: string): Model {
  const model = models.get(name);
  if (model) return model;
  throw new RangeError(`there is no model "${name}"; known models: ${[...models.keys()].join(', ')}`);
}
