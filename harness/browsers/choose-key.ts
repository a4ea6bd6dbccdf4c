/** Which key serves a page: a fresh virtual one, one that is held already, one of a lab, or one on a desk. */
import type { HeldKey } from './held-key.ts';
import { DeviceKey, type DeviceKeyOptions, type LabKeyOptions, LabSecurityKey } from './outside-key.ts';
import type { PageCeremoniesOptions } from './page-ceremonies.ts';
import { SecurityKey, type SecurityKeyOptions } from './security-key.ts';

export interface WithSecurityKeyOptions extends SecurityKeyOptions, PageCeremoniesOptions {
  readonly key?: undefined;
  readonly lab?: undefined;
  readonly device?: undefined;
}

/** A key that is there already, for several contexts; it stays its owner's to close. */
export interface WithHeldKeyOptions<K extends HeldKey = HeldKey> extends PageCeremoniesOptions {
  readonly key: K;
  readonly lab?: undefined;
  readonly device?: undefined;
}

export interface WithLabKeyOptions extends LabKeyOptions, PageCeremoniesOptions {
  readonly device?: undefined;
}

export interface WithDeviceKeyOptions extends DeviceKeyOptions, PageCeremoniesOptions {
  readonly key?: undefined;
  readonly lab?: undefined;
}

export type KeyChoice = WithSecurityKeyOptions | WithHeldKeyOptions | WithLabKeyOptions | WithDeviceKeyOptions;

export type ChosenKey<O extends KeyChoice> =
  O extends WithHeldKeyOptions<infer K>
    ? K
    : O extends WithLabKeyOptions
      ? LabSecurityKey
      : O extends WithDeviceKeyOptions
        ? DeviceKey
        : SecurityKey;

/** True where the key is its owner's to close. */
export function isHeld(options: KeyChoice): options is WithHeldKeyOptions {
  return typeof options.key === 'object';
}

/** @throws RangeError for an unknown model, LabError for a lab or a key of it that is not there */
export async function chooseKey<O extends KeyChoice>(options: O): Promise<ChosenKey<O>> {
  return (await choose(options)) as ChosenKey<O>;
}

function choose(options: KeyChoice): HeldKey | Promise<HeldKey> {
  if (isHeld(options)) return options.key;
  if (options.lab !== undefined) return LabSecurityKey.open(options);
  return options.device === undefined ? SecurityKey.open(options) : new DeviceKey(options);
}
