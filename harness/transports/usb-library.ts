/** What this project uses of the package `usb`, whose interface is WebUSB's with Linux's kernel drivers beside it. */

/** WebUSB §6.4, as far as it goes here. */
export interface UsbEndpoint {
  readonly endpointNumber: number;
  readonly direction: 'in' | 'out';
  readonly type: string;
}

export interface UsbInterface {
  readonly interfaceNumber: number;
  readonly alternate: {
    readonly interfaceClass: number;
    readonly interfaceSubclass: number;
    readonly interfaceProtocol: number;
    readonly endpoints: readonly UsbEndpoint[];
  };
}

export interface UsbSetup {
  readonly requestType: 'standard' | 'class';
  readonly recipient: 'interface';
  readonly request: number;
  readonly value: number;
  readonly index: number;
}

export interface UsbDevice {
  readonly vendorId: number;
  readonly productId: number;
  readonly bus: string;
  readonly address: number;
  readonly productName?: string | null | undefined;
  readonly serialNumber?: string | null | undefined;
  readonly configuration?: { readonly interfaces: readonly UsbInterface[] } | null | undefined;
  open(): Promise<void>;
  close(): Promise<void>;
  /** Linux alone. */
  detachKernelDriver(interfaceNumber: number): Promise<void>;
  attachKernelDriver(interfaceNumber: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  controlTransferIn(setup: UsbSetup, length: number): Promise<{ readonly data?: DataView | undefined }>;
  controlTransferOut(setup: UsbSetup, data: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Rejects with "Cancelled" in its message after `timeout` milliseconds without data. */
  transferIn(endpoint: number, length: number, timeout: number): Promise<{ readonly data?: DataView | undefined }>;
  transferOut(endpoint: number, data: Uint8Array<ArrayBuffer>, timeout: number): Promise<unknown>;
}

export interface UsbLibrary {
  getDevices(): Promise<readonly UsbDevice[]>;
}

/** The library, loaded at first use: it is native. */
export async function usbLibrary(): Promise<UsbLibrary> {
  const { usb } = await import('usb');
  return usb as unknown as UsbLibrary;
}
