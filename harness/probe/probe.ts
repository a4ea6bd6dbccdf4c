/** Asks a key all that shows what it is, and compares that with what is said of it. */
import { toHex } from '../../ctap/bytes.ts';
import type { GetInfoResponse } from '../../ctap/commands/get-info.ts';
import { HidCapability } from '../../ctap/hid/packet.ts';
import { CtapError, Status } from '../../ctap/status.ts';
import { Ctap1Client } from '../client/ctap1.ts';
import { formatAaguidHex } from '../conformance/report/aaguid.ts';
import { compareClaims, type Evidence } from './claims.ts';
import { identify } from './identity.ts';
import { findLimits } from './limits.ts';
import { type Blob, type BlobSources, type Entry, openBlob } from './metadata-blob.ts';
import type { MetadataFindings } from './metadata-findings.ts';
import type { ProbeResult } from './probe-result.ts';
import type { ProbedKey } from './probed-key.ts';
import { measure } from './timings.ts';
import { weaknessesOf } from './weaknesses.ts';

export interface ProbeOptions {
  /** This program and its version. */
  readonly program: string;
  readonly pin: string | undefined;
  /** How often the user touches, for timings. */
  readonly touches: number;
  readonly onTouch: () => void;
  /** Told what is asked next. */
  readonly onStep: (step: string) => void;
  readonly metadata: BlobSources | undefined;
  /** getInfo in words and as JSON. */
  readonly explain: (info: GetInfoResponse) => readonly (readonly string[])[];
  readonly toJson: (info: GetInfoResponse) => Record<string, unknown>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export async function probe(key: ProbedKey, options: ProbeOptions): Promise<ProbeResult> {
  const { onStep, pin, program, now, explain, toJson } = options;
  onStep('identity');
  const info = key.device.hid.capabilities & HidCapability.CBOR ? await infoOf(key) : undefined;
  const versions = info?.versions ?? [await new Ctap1Client(key.device).version()];
  const identity = await identify(key, versions, info);
  onStep('limits');
  const limits = await findLimits(key, info, pin);
  onStep('timings');
  const { timings, credential } = await measure(key, info, options);
  const retries = info?.options?.clientPin === undefined ? undefined : (await key.pin.getPinRetries()).retries;
  const infoJson = info === undefined ? {} : toJson(info);
  const evidence: Evidence = { info, infoJson, credential, retries, now };
  const metadata = options.metadata === undefined ? null : await compare(options.metadata, evidence);
  return {
    format: 'ctaplab-probe',
    version: 1,
    program,
    at: new Date(now).toISOString(),
    identity,
    info: info === undefined ? null : infoJson,
    explained: (info === undefined ? [] : explain(info)).map(([member = '', value = '', meaning = '']) => ({
      member,
      value,
      meaning,
    })),
    timings,
    limits,
    metadata,
  };
}

/** A card says that it has the FIDO applet, not that there is CTAP2 in it. */
async function infoOf({ ctap2 }: ProbedKey): Promise<GetInfoResponse | undefined> {
  try {
    return await ctap2.getInfo();
  } catch (error) {
    if (error instanceof CtapError && error.status === Status.CTAP1_ERR_INVALID_COMMAND) return undefined;
    throw error;
  }
}

async function compare(sources: BlobSources, evidence: Evidence): Promise<MetadataFindings> {
  const nothing = { description: null, claims: [], statusReports: [], weaknesses: [] };
  let blob: Blob;
  try {
    blob = await openBlob(sources, evidence.now);
  } catch (error) {
    const reason = `The BLOB is not to be trusted: ${error instanceof Error ? error.message : String(error)}.`;
    return { trusted: false, problems: [reason], no: null, nextUpdate: null, ...nothing };
  }
  const { no, nextUpdate, remarks, entries } = blob;
  const about = { trusted: true, no, nextUpdate };
  const entry = entryOf(entries, evidence);
  if (entry === undefined)
    return { ...about, problems: [...remarks, 'The BLOB has no entry for this key.'], ...nothing };
  const { statement, statusReports } = entry;
  const { description } = statement;
  return {
    ...about,
    problems: remarks,
    description: typeof description === 'string' ? description : null,
    claims: compareClaims(statement, evidence),
    statusReports,
    weaknesses: weaknessesOf(statusReports, evidence.info?.firmwareVersion),
  };
}

/** The entry of the key's AAGUID; a key of U2F alone has none that tells its model. */
function entryOf(entries: readonly Entry[], { info }: Evidence): Entry | undefined {
  if (info === undefined) return undefined;
  const aaguid = formatAaguidHex(toHex(info.aaguid));
  return entries.find((entry) => entry.aaguid === aaguid);
}
