/** What a probe has found of a key: the one shape that the page and the JSON are made of. */
import type { MetadataFindings } from './metadata-findings.ts';

export interface Identity {
  /** DEVICE name. */
  readonly device: string;
  readonly product: string;
  readonly usb?: {
    readonly vendorId: string;
    readonly productId: string;
    /** bcdDevice, as 1.00. */
    readonly release: string;
    readonly manufacturer?: string;
    readonly serialNumber?: string;
  };
  /** HID report descriptor, hexadecimal, where the system tells it. */
  readonly reportDescriptor?: string;
  /** Answer to reset of a card, hexadecimal. */
  readonly atr?: string;
  /** CTAPHID_INIT; of a card what is equivalent. */
  readonly protocolVersion: number;
  readonly deviceVersion: string;
  readonly capabilities: readonly string[];
  readonly versions: readonly string[];
  /** A UUID; none for a key of U2F alone. */
  readonly aaguid?: string;
  readonly token2?: {
    readonly serialNumber: string;
    /** By the first digits of the serial number, where they are known. */
    readonly model?: string;
    readonly fidoVersion?: string;
  };
}

export interface ExplainedMember {
  readonly member: string;
  readonly value: string;
  readonly meaning: string;
}

export interface Timing {
  /** As "PING of 1 byte". */
  readonly what: string;
  /** Median, in milliseconds; null where it was not measured. */
  readonly milliseconds: number | null;
  readonly samples: number;
  /** Why not, or what was left out. */
  readonly note?: string;
}

export interface Limit {
  /** As "allowList entries". */
  readonly what: string;
  /** What the key says of itself; null where it says nothing. */
  readonly claimed: number | null;
  /** What it was seen to take; null where it was not tried. */
  readonly found: number | null;
  /** True where the next larger one was refused; false where there was nothing larger to try. */
  readonly refusedBeyond: boolean;
  readonly note?: string;
}

export interface ProbeResult {
  readonly format: 'ctaplab-probe';
  readonly version: 1;
  readonly program: string;
  /** ISO 8601. */
  readonly at: string;
  readonly identity: Identity;
  /** getInfo, bytes in hexadecimal; null for a key without CTAP2. */
  readonly info: Readonly<Record<string, unknown>> | null;
  readonly explained: readonly ExplainedMember[];
  readonly timings: readonly Timing[];
  readonly limits: readonly Limit[];
  /** Null where no BLOB was given. */
  readonly metadata: MetadataFindings | null;
}
