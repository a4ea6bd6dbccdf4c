/** What the user of `ctaplab conformance` has said. */
export interface ConformanceOptions {
  readonly json?: boolean;
  readonly carrier?: 'hid' | 'card';
  readonly fault?: readonly string[];
  readonly only?: readonly string[];
  readonly list?: boolean;
  readonly schema?: boolean;
  readonly report?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly resume?: string;
  readonly slow?: boolean;
  readonly allowReset?: boolean;
  readonly yes?: boolean;
  readonly pinFile?: string;
}
