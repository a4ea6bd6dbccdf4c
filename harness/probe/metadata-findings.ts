/** What a metadata BLOB says of a key, and what of that is so. */

export interface Claim {
  /** Member of the metadata statement, as `authenticatorGetInfo.options.rk`. */
  readonly claim: string;
  readonly said: string;
  /** What the key does or says; null where that cannot be seen from outside. */
  readonly found: string | null;
  /** Null where there is nothing to compare with. */
  readonly holds: boolean | null;
}

export interface StatusReport {
  readonly status: string;
  readonly effectiveDate?: string;
  readonly authenticatorVersion?: number;
  readonly url?: string;
  readonly certificationDescriptor?: string;
}

export interface MetadataFindings {
  /** The BLOB is signed under the given root, by a chain that nobody has revoked. Where it is not, nothing of it is used. */
  readonly trusted: boolean;
  /** What is wrong with the BLOB, or could not be told, in sentences. */
  readonly problems: readonly string[];
  /** Number of the BLOB, and the date of the next one. */
  readonly no: number | null;
  readonly nextUpdate: string | null;
  /** The description of the entry that is the key's; null where the BLOB has none. */
  readonly description: string | null;
  readonly claims: readonly Claim[];
  readonly statusReports: readonly StatusReport[];
  /** What is known to be wrong with such keys, in sentences. */
  readonly weaknesses: readonly string[];
}
