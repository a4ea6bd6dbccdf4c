/** A way to the device that the user named, before anything is sent over it. */
import type { CardConnection, HidConnection } from '../transports/connection.ts';

export type DeviceWay = HidWay | CardWay;

interface Way {
  /** DEVICE name. */
  readonly name: string;
  /** True where it may be somebody's own key: destructive acts ask first. */
  readonly physical: boolean;
}

export interface HidWay extends Way {
  readonly kind: 'hid';
  connect(): Promise<HidConnection>;
}

export interface CardWay extends Way {
  readonly kind: 'card';
  connect(): Promise<CardConnection>;
}
