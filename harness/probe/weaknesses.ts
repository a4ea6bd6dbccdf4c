/** What status reports (FIDO Metadata Service v3 §3.1.3) say against a key. */
import type { StatusReport } from './metadata-findings.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  USER_VERIFICATION_BYPASS: 'its user verification can be got round',
  ATTESTATION_KEY_COMPROMISE: 'its attestation key is known to others: anything can pass for such a key',
  USER_KEY_REMOTE_COMPROMISE: 'its users’ keys can be taken from afar',
  USER_KEY_PHYSICAL_COMPROMISE: 'its users’ keys can be taken by whoever has it in the hand',
  REVOKED: 'its vendor or FIDO has revoked it',
};

/** One sentence for each report that matters to a key of that firmware. */
export function weaknessesOf(reports: readonly StatusReport[], firmwareVersion: number | undefined): string[] {
  return reports.flatMap(({ status, effectiveDate, authenticatorVersion, url }) => {
    const since = effectiveDate === undefined ? '' : ` since ${effectiveDate}`;
    const where = url === undefined ? '' : ` (${url})`;
    if (status === 'UPDATE_AVAILABLE') {
      const isNewer =
        authenticatorVersion === undefined || firmwareVersion === undefined || authenticatorVersion > firmwareVersion;
      const which = authenticatorVersion === undefined ? 'newer firmware' : `firmware ${authenticatorVersion}`;
      return isNewer ? [`UPDATE_AVAILABLE${since}: there is ${which}, which may mend a weakness${where}`] : [];
    }
    const sentence = SENTENCES[status];
    return sentence === undefined ? [] : [`${status}${since}: ${sentence}${where}`];
  });
}
