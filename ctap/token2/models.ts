/** What Token2's serial numbers tell: the model is in their first digits. */

/** How a security key is held or plugged. */
export type KeyForm = 'USB-A' | 'USB-C' | 'Dual' | 'Mini A' | 'Mini C' | 'Bio3 Dual' | 'Bio3' | 'card';

export interface SecurityKeyModel {
  /** First five digits of the serial number; the sixth is a check digit. */
  readonly prefix: string;
  /** Hardware release, as "3.3". */
  readonly release: string;
  readonly series: string;
  readonly form: KeyForm;
}

const key = (prefix: string, release: string, series: string, form: KeyForm): SecurityKeyModel => ({
  prefix,
  release,
  series,
  form,
});

export const securityKeyModels: readonly SecurityKeyModel[] = [
  key('86105', '1', 'FIDO2 NFC', 'USB-A'),
  key('86104', '1', 'FIDO2 NFC', 'USB-C'),
  key('86103', '1', 'FIDO2 NFC', 'Dual'),
  key('86202', '1', 'FIDO2', 'card'),
  key('96105', '2', 'PIN+', 'USB-A'),
  key('96104', '2', 'PIN+', 'USB-C'),
  key('96103', '2', 'PIN+', 'Dual'),
  key('76103', '3', 'PIN+', 'Dual'),
  key('76104', '3', 'PIN+', 'USB-C'),
  key('76202', '3', 'PIN+', 'card'),
  key('76105', '3.1', 'PIN+', 'USB-A'),
  key('72102', '3.1', 'PIN+', 'Mini C'),
  key('77103', '3.2', 'PIN+', 'Dual'),
  key('72101', '3.2', 'PIN+', 'Mini A'),
  key('72103', '3.2', 'PIN+', 'Bio3 Dual'),
  key('66105', '3.3', 'PIN+ PIV+', 'USB-A'),
  key('66104', '3.3', 'PIN+ PIV+', 'USB-C'),
  key('66103', '3.3', 'PIN+ PIV+', 'Dual'),
  key('66101', '3.3', 'PIN+ PIV+', 'Mini A'),
  key('66111', '3.3', 'PIN+ PIV+', 'Mini C'),
  key('72113', '3.3', 'PIN+', 'Bio3'),
  key('66202', '3.3', 'PIN+', 'card'),
  key('65103', '3.4', 'PIN+ PIV+', 'Dual'),
  key('72114', '3.4', 'PIN+', 'Bio3'),
  key('65101', '3.4', 'PIN+ PIV+', 'Mini A'),
  key('65111', '3.4', 'PIN+ PIV+', 'Mini C'),
];

/** The security key of that serial number; undefined for a prefix that is not known. */
export function securityKeyOfSerial(serial: string): SecurityKeyModel | undefined {
  return securityKeyModels.find(({ prefix }) => serial.startsWith(prefix));
}

export interface ProgrammableTokenModel {
  /** As --model takes it, in lower case. */
  readonly name: string;
  /** First digits of the serial number; none is known for Molto2. */
  readonly prefix: string;
  /** How many seeds it holds. */
  readonly profiles: number;
  /** `unrestricted`: setting the clock leaves the seed alone. */
  readonly timeSync: 'restricted' | 'unrestricted';
}

const token = (
  name: string,
  prefix: string,
  timeSync: ProgrammableTokenModel['timeSync'] = 'restricted',
): ProgrammableTokenModel => ({ name, prefix, profiles: 1, timeSync });

export const MOLTO2_PROFILES = 100;

export const programmableTokenModels: readonly ProgrammableTokenModel[] = [
  token('otpc-p1-i', '8659612'),
  token('otpc-p2-i', '8659622'),
  token('otpc-p2-i-nb', '8659621'),
  token('miniotp-2-i', '8659600'),
  token('miniotp-3-i', '8659601'),
  token('miniotp-3-i-nb', '8659609'),
  token('c301-i', '8659610'),
  token('c302-i', '8659632', 'unrestricted'),
  { name: 'molto2', prefix: '', profiles: MOLTO2_PROFILES, timeSync: 'unrestricted' },
];

/** The single-profile token of that serial number; undefined for a prefix that is not known. */
export function programmableTokenOfSerial(serial: string): ProgrammableTokenModel | undefined {
  return programmableTokenModels.find(({ prefix }) => prefix !== '' && serial.startsWith(prefix));
}

/** The model of that name. @throws RangeError that lists the names there are */
export function findProgrammableToken(name: string): ProgrammableTokenModel {
  const found = programmableTokenModels.find((model) => model.name === name.toLowerCase());
  if (found !== undefined) return found;
  const names = programmableTokenModels.map((model) => model.name).join(', ');
  throw new RangeError(`there is no programmable token "${name}"; known models: ${names}`);
}
