/** Files of secrets: for their owner's eyes alone, from their first byte on. */
import { closeSync, fchmodSync, openSync, writeFileSync } from 'node:fs';

/** Writes a file of mode 0600, over one that is there, whatever mode that had. */
export function writeSecretFile(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    fchmodSync(file, 0o600);
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}
