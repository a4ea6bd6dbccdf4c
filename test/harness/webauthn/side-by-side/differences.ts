/** Where Chromium and this project's client differ, and why: each difference with what it makes of Chromium's outcome. */
import { Flag } from '../../../../ctap/flags.ts';
import type { OptionSet } from './option-sets.ts';
import type { Outcome, Taken } from './outcome.ts';

interface Difference {
  readonly reason: string;
  /** What Chromium's outcome is but for this difference; the same object where it plays no part. */
  reconcile(set: OptionSet, chromium: Outcome, ours: Outcome): Outcome;
}

const extensionsOf = ({ options }: OptionSet) => (options.extensions ?? {}) as Record<string, unknown>;

export const differences: readonly Difference[] = [
  {
    reason:
      'Chromium protects discoverable credentials by credProtect unasked; this client asks for what the page asks for, so that a test sees what its own options do',
    reconcile(set, chromium) {
      if (
        !('answer' in chromium) ||
        set.type !== 'create' ||
        extensionsOf(set).credentialProtectionPolicy === 'userVerificationOptionalWithCredentialIDList'
      )
        return chromium;
      return { answer: withoutAuthenticatorExtension(chromium.answer, 'credProtect') };
    },
  },
  {
    reason: 'Chromium takes a user ID of no bytes; WebAuthn Level 3 §5.1.3 step 5 has a TypeError for it',
    reconcile: (set, chromium) =>
      set.type === 'create' && set.options.user.id === '' && !isError(chromium, 'EncodingError')
        ? { error: 'TypeError' }
        : chromium,
  },
  {
    reason:
      'Chromium refuses a credentialProtectionPolicy that it does not know; WebAuthn Level 3 §2.1.1 has it ignored',
    reconcile: (set, chromium, ours) =>
      extensionsOf(set).credentialProtectionPolicy === 'userVerificationWhenever' &&
      isError(chromium, 'NotSupportedError')
        ? ours
        : chromium,
  },
  {
    reason: 'Chromium says nothing of appidExclude in its outputs; WebAuthn Level 3 §10.1.2 has true there',
    reconcile(set, chromium) {
      if (!('answer' in chromium) || extensionsOf(set).appidExclude === undefined) return chromium;
      const { answer } = chromium;
      return { answer: { ...answer, outputs: { ...answer.outputs, appidExclude: true } } };
    },
  },
  {
    reason:
      'Chromium looks at read and write of largeBlob after the RP ID; this client looks at what the page can see first',
    reconcile(set, chromium) {
      const { largeBlob } = extensionsOf(set) as { largeBlob?: { read?: boolean; write?: string } };
      const isBoth = largeBlob?.read !== undefined && largeBlob.write !== undefined;
      return set.type === 'get' && isBoth && isError(chromium, 'SecurityError')
        ? { error: 'NotSupportedError' }
        : chromium;
    },
  },
  {
    reason: 'Where no credential is named, which of several passkeys answers is the choice of a person',
    reconcile(set, chromium, ours) {
      if (!('answer' in chromium && 'answer' in ours) || set.type !== 'get') return chromium;
      if ((set.options.allowCredentials ?? []).length > 0) return chromium;
      return { answer: { ...chromium.answer, userHandle: ours.answer.userHandle } };
    },
  },
];

function isError(outcome: Outcome, name: string): boolean {
  return 'error' in outcome && outcome.error === name;
}

function withoutAuthenticatorExtension(answer: Taken, name: string): Taken {
  const { extensions, ...authenticatorData } = answer.authenticatorData;
  const left = extensions?.filter(([identifier]) => identifier !== name);
  if (left === undefined || left.length === extensions?.length) return answer;
  const flags = left.length > 0 ? authenticatorData.flags : authenticatorData.flags & ~Flag.ED;
  return {
    ...answer,
    authenticatorData: { ...authenticatorData, flags, ...(left.length > 0 && { extensions: left }) },
  };
}
