/** What the control API says and takes, as schemas; the types are read off them. */
import { z } from '@hono/zod-openapi';
import { fromBase64Url, fromHex } from '../../../ctap/bytes.ts';
import { EnrollFeedback, type EnrollFeedbackName } from '../../../ctap/commands/bio-enrollment.ts';
import { parseTouchPolicy } from '../touch-policy.ts';
import { parseTransport } from '../transport.ts';

/** Longest wait of one request, in milliseconds. */
export const MAX_WAIT = 60_000;

/** A parser of the command line as the check of a string: its RangeError is what the caller is told. */
export function textOf<T>(parse: (text: string) => T, example: string, pattern?: string) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .openapi({ type: 'string', example, ...(pattern === undefined ? {} : { pattern }) });
}

export const TouchPolicyText = textOf(parseTouchPolicy, 'after=2000', '^(auto|manual|deny|after=[0-9]{1,9})$');
export const TransportText = textOf(parseTransport, 'udp:7112', '^(uhid|udp|vpcd|(udp|vpcd):[0-9]{1,5})$');

export const KeyPath = z.strictObject({
  id: z.string().openapi({ param: { name: 'id', in: 'path' }, description: 'The name of a key', example: '1' }),
});

export const Wait = z.strictObject({
  wait: z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .pipe(z.number().max(MAX_WAIT))
    .default(0)
    .openapi({
      param: { name: 'wait', in: 'query' },
      type: 'integer',
      minimum: 0,
      maximum: MAX_WAIT,
      description: 'Milliseconds to wait for it',
    }),
});

export const Pending = z
  .strictObject({
    operation: z.enum([
      'makeCredential',
      'getAssertion',
      'selection',
      'reset',
      'u2fRegister',
      'u2fAuthenticate',
      'excluded',
      'verifyFingerprint',
      'enrollFingerprint',
      'otpCode',
      'otpErase',
    ]),
    rpId: z.string().optional().openapi({ description: 'The site, as the key was told; show it as text only' }),
    userName: z.string().optional(),
    longTouch: z.boolean().optional().openapi({ description: 'The key wants to be held for five seconds' }),
    since: z.iso.datetime().openapi({ description: 'By the clock of the lab' }),
  })
  .openapi('Pending', { description: 'A question that waits for a touch' });
export type PendingJSON = z.infer<typeof Pending>;

export const Pin = z
  .strictObject({
    set: z.boolean(),
    retries: z.int().min(0).max(8),
    blocked: z.boolean().openapi({ description: 'No retries are left: only a reset helps' }),
    powerCycleNeeded: z.boolean().openapi({ description: 'Three wrong PINs in a row: plug it in again' }),
  })
  .openapi('Pin', { description: 'The state of the PIN' });

export const UserVerification = z
  .strictObject({
    fingers: z.int().min(0).openapi({ description: 'How many fingers are enrolled' }),
    retries: z.int().min(0),
    blocked: z.boolean().openapi({ description: 'No retries are left: the PIN has to be entered' }),
  })
  .openapi('UserVerification', { description: 'The state of the fingerprint sensor' });

export const Link = z
  .strictObject({
    id: z.string(),
    transport: z.string().openapi({ example: 'udp:7112' }),
    device: z.string().nullable().openapi({ description: 'Where programs find it; null while the key is out' }),
  })
  .openapi('Link', { description: 'A way that a key is plugged in by' });

export const FORM_FACTORS = [
  'usb-a',
  'usb-c',
  'usb-a-c',
  'usb-a-mini',
  'usb-c-mini',
  'card',
  'usb-a-bio',
  'usb-a-c-bio',
] as const;
export type FormFactor = (typeof FORM_FACTORS)[number];

export const LED_STATES = ['off', 'idle', 'touch', 'working', 'error'] as const;

export const Key = z
  .strictObject({
    id: z.string(),
    model: z.string().openapi({ description: 'The name that --model takes' }),
    product: z.string(),
    serialNumber: z.string().nullable(),
    aaguid: z.string().regex(/^[0-9a-f]{32}$/),
    assumed: z.array(z.string()).openapi({ description: 'Members of the model whose real value is not public' }),
    formFactor: z.enum(FORM_FACTORS).openapi({ description: 'What it looks like; usb-a-c has both plugs' }),
    inserted: z.boolean(),
    led: z.enum(LED_STATES).openapi({
      description: 'off: pulled out; touch: it blinks; error: its PIN or sensor is locked',
    }),
    touch: z.string().openapi({ description: 'How questions are answered: auto, manual, deny or after=MS' }),
    decisions: z.int().min(0).openapi({ description: 'How many questions have their answer already' }),
    devices: z.array(z.string()),
    transports: z.array(Link),
    pending: z.array(Pending),
    pin: z.union([Pin, z.null()]),
    uv: z.union([UserVerification, z.null()]),
    passkeys: z.int().min(0).openapi({ description: 'How many discoverable credentials it holds' }),
    typesPasswords: z.boolean().openapi({ description: 'It has slots for passwords that a touch types' }),
    faults: z.array(z.string()).openapi({ description: 'Deliberate misbehaviour that is turned on' }),
  })
  .openapi('Key');
export type LabKeyJSON = z.infer<typeof Key>;

export const Stroke = z
  .strictObject({
    usage: z.int().min(0).max(255).openapi({ description: 'HID usage of the keyboard page' }),
    shift: z.boolean().optional(),
  })
  .openapi('Stroke');

export const Feedback = z
  .enum(Object.keys(EnrollFeedback) as [EnrollFeedbackName, ...EnrollFeedbackName[]])
  .openapi('Feedback', { description: 'How the sample of a finger turns out (CTAP 2.3 §6.7.2)' });

export const Changed = z.strictObject({ changed: z.boolean(), key: Key }).openapi('Changed');

export const ProblemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'For programs' }),
    detail: z.string().openapi({ description: 'For people' }),
  })
  .openapi('Problem', { description: 'A refusal (RFC 9457)' });

/** Bytes as base64url without padding. */
export const Base64Url = z
  .string()
  .regex(/^[A-Za-z0-9_-]*$/, 'expected base64url')
  .transform((text, context) => {
    try {
      return fromBase64Url(text);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      context.addIssue({ code: 'custom', message: `expected base64url: ${error.message}` });
      return z.NEVER;
    }
  })
  .openapi({ type: 'string', format: 'base64url' });

/** So many bytes in hexadecimal. */
export function hexadecimal(least: number, most: number = least) {
  const expected =
    least === most ? `expected ${least} bytes in hexadecimal` : `expected ${least} to ${most} bytes in hexadecimal`;
  return z
    .string()
    .regex(new RegExp(`^([0-9a-fA-F]{2}){${least},${most}}$`), expected)
    .transform(fromHex)
    .openapi({ type: 'string' });
}

/** How the key is touched, of a query. */
export const Press = z.strictObject({
  press: z
    .enum(['short', 'long'])
    .default('short')
    .openapi({ param: { name: 'press', in: 'query' } }),
});
