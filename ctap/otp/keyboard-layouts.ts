/**
 * What hosts read from keys: a key sends its place, and the layout that the user chose makes it a character.
 * The table agrees with xkeyboard-config, to which the tests compare it; dead keys are shown by their accent.
 */
import { type Stroke, Usage } from './keyboard-usages.ts';

export interface KeyboardLayout {
  /** xkb's name, with the variant after a hyphen where there is one. */
  readonly name: string;
  readonly description: string;
  /** Of the keys that are A to Z in the United States, in that order. */
  readonly letters: string;
  /** Those with Shift, where they are not the capitals of `letters`. */
  readonly capitals?: string;
  /** Of the top row's ten keys from left to right: 1 to 9, 0 in the United States. */
  readonly topRow: string;
  readonly shiftedTopRow: string;
}

const LATIN = 'abcdefghijklmnopqrstuvwxyz';
const QWERTZ = 'abcdefghijklmnopqrstuvwxzy';
const DIGITS = '1234567890';

function layout(
  name: string,
  description: string,
  letters: string,
  topRow: string,
  shiftedTopRow: string,
  capitals?: string,
): KeyboardLayout {
  return { name, description, letters, topRow, shiftedTopRow, ...(capitals === undefined ? {} : { capitals }) };
}

const AZERTY = 'qbcdefghijkl,noparstuvzxyw';
const AZERTY_CAPITALS = 'QBCDEFGHIJKL?NOPARSTUVZXYW';

const all: readonly KeyboardLayout[] = [
  layout('us', 'English (United States)', LATIN, DIGITS, '!@#$%^&*()'),
  layout('gb', 'English (United Kingdom)', LATIN, DIGITS, '!"£$%^&*()'),
  layout('at', 'German (Austria)', QWERTZ, DIGITS, '!"§$%&/()='),
  layout('be', 'Belgian', AZERTY, '&é"\'(§è!çà', DIGITS, AZERTY_CAPITALS),
  layout('br', 'Portuguese (Brazil)', LATIN, DIGITS, '!@#$%¨&*()'),
  layout('ca', 'French (Canada)', LATIN, DIGITS, '!"/$%?&*()'),
  layout('ch', 'German (Switzerland)', QWERTZ, DIGITS, '+"*ç%&/()='),
  layout('ch-fr', 'French (Switzerland)', QWERTZ, DIGITS, '+"*ç%&/()='),
  layout('cz', 'Czech', QWERTZ, '+ěščřžýáíé', DIGITS),
  layout('de', 'German', QWERTZ, DIGITS, '!"§$%&/()='),
  layout('dk', 'Danish', LATIN, DIGITS, '!"#¤%&/()='),
  layout('es', 'Spanish', LATIN, DIGITS, '!"·$%&/()='),
  layout('fi', 'Finnish', LATIN, DIGITS, '!"#¤%&/()='),
  layout('fr', 'French', AZERTY, '&é"\'(-è_çà', DIGITS, AZERTY_CAPITALS),
  layout('fr-bepo', 'French (BÉPO)', "akxipe,cdtsrq'ljbouèv.éy^à", '"«»()@+-/*', DIGITS, 'AKXIPE;CDTSRQ?LJBOUÈV:ÉY!À'),
  layout('gr', 'Greek', 'αβψδεφγηιξκλμνοπ;ρστθωςχυζ', DIGITS, '!@#$%^&*()', 'ΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠ:ΡΣΤΘΩΣΧΥΖ'),
  layout('hr', 'Croatian', QWERTZ, DIGITS, '!"#$%&/()='),
  layout('hu', 'Hungarian', QWERTZ, '123456789ö', '\'"+!%/=()Ö'),
  layout('il', 'Hebrew', "שנבגקכעיןחלךצמםפ/רדאוה'סטז", DIGITS, '!@#$%^&*)(', LATIN.toUpperCase()),
  layout('it', 'Italian', LATIN, DIGITS, '!"£$%&/()='),
  layout('jp', 'Japanese', LATIN, DIGITS, '!"#$%&\'()~'),
  layout('latam', 'Spanish (Latin America)', LATIN, DIGITS, '!"#$%&/()='),
  layout('lt', 'Lithuanian', LATIN, 'ąčęėįšųū„“', 'ĄČĘĖĮŠŲŪ()'),
  layout('nl', 'Dutch', LATIN, DIGITS, '!"#$%&_()\''),
  layout('no', 'Norwegian', LATIN, DIGITS, '!"#¤%&/()='),
  layout('pl', 'Polish', LATIN, DIGITS, '!@#$%^&*()'),
  layout('pt', 'Portuguese', LATIN, DIGITS, '!"#$%&/()='),
  layout('ro', 'Romanian', LATIN, DIGITS, '!@#$%^&*()'),
  layout('ru', 'Russian', 'фисвуапршолдьтщзйкыегмцчня', DIGITS, '!"№;%:?*()'),
  layout('se', 'Swedish', LATIN, DIGITS, '!"#¤%&/()='),
  layout('si', 'Slovenian', QWERTZ, DIGITS, '!"#$%&/()='),
  layout('sk', 'Slovak', QWERTZ, '+ľščťžýáíé', DIGITS),
  layout('tr', 'Turkish', LATIN.replace('i', 'ı'), DIGITS, "!'^+%&/()=", LATIN.toUpperCase()),
  layout('tr-f', 'Turkish (F)', 'uçveğaütnkmlszhpfıiorcgödj', DIGITS, '!"^$%&\'()=', 'UÇVEĞAÜTNKMLSZHPFIİORCGÖDJ'),
  layout(
    'us-colemak',
    'English (Colemak)',
    'abcsftdhuneimky;qprglvwxjz',
    DIGITS,
    '!@#$%^&*()',
    'ABCSFTDHUNEIMKY:QPRGLVWXJZ',
  ),
  layout(
    'us-dvorak',
    'English (Dvorak)',
    "axje.uidchtnmbrl'poygk,qf;",
    DIGITS,
    '!@#$%^&*()',
    'AXJE>UIDCHTNMBRL"POYGK<QF:',
  ),
];

export const keyboardLayouts: ReadonlyMap<string, KeyboardLayout> = new Map(all.map((entry) => [entry.name, entry]));

/** The layout of that name. @throws RangeError that lists the names there are */
export function findKeyboardLayout(name: string): KeyboardLayout {
  const found = keyboardLayouts.get(name.toLowerCase());
  if (found !== undefined) return found;
  throw new RangeError(
    `there is no keyboard layout "${name}"; known layouts: ${[...keyboardLayouts.keys()].join(', ')}`,
  );
}

export interface ReadOptions {
  /** False where the host's NumLock is off: keypad digits then move the cursor. Default true. */
  readonly numLock?: boolean;
}

/** The characters that a host with that layout reads; keys without one are shown as `<Left>`, Enter as a line end. */
export function readWithLayout(
  strokes: readonly Stroke[],
  layout: KeyboardLayout,
  { numLock = true }: ReadOptions = {},
): string {
  return strokes.map((stroke) => character(stroke, layout, numLock)).join('');
}

/** What the keypad does without NumLock: keys 1 to 9, then 0. */
const CURSOR_KEYS = ['End', 'Down', 'PageDown', 'Left', 'Begin', 'Right', 'Home', 'Up', 'PageUp', 'Insert'];

function character({ usage, shift = false }: Stroke, layout: KeyboardLayout, numLock: boolean): string {
  if (usage >= Usage.A && usage <= Usage.Z) {
    const { letters, capitals = letters.toUpperCase() } = layout;
    return (shift ? capitals : letters)[usage - Usage.A]!;
  }
  if (usage >= Usage.DIGIT_1 && usage <= Usage.DIGIT_0) {
    return (shift ? layout.shiftedTopRow : layout.topRow)[usage - Usage.DIGIT_1]!;
  }
  if (usage >= Usage.KEYPAD_1 && usage <= Usage.KEYPAD_0) {
    const key = usage - Usage.KEYPAD_1;
    return numLock ? DIGITS[key]! : `<${CURSOR_KEYS[key]}>`;
  }
  switch (usage) {
    case Usage.ENTER:
    case Usage.KEYPAD_ENTER:
      return '\n';
    case Usage.TAB:
      return '\t';
    case Usage.SPACE:
      return ' ';
    case Usage.NUM_LOCK:
      return '';
    default:
      return `<0x${usage.toString(16).padStart(2, '0')}>`;
  }
}
