/** An AAGUID of 32 hexadecimal digits in the form of a UUID. */
export function formatAaguidHex(aaguid: string): string {
  return aaguid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
