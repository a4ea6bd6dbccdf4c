/** The lab that runs in an environment of its own. */
import { findLab, LabClient } from '../../../harness/lab/lab-client.ts';

export function requireLabAt(env: NodeJS.ProcessEnv): LabClient {
  const address = findLab(env);
  if (address === undefined) throw new Error('expected a lab that runs, found none');
  return new LabClient(address);
}
