import { html } from 'hono/html';
import type { AuthenticatorModel } from '../../domain/metadata.ts';
import { POLICY_RANGES, type Policy } from '../../domain/policy.ts';
import type { Html } from '../layout.ts';
import { csrfField } from '../parts.ts';
import { type DashboardFrame, dashboardPage, table } from './frame.ts';

export function policyPage(frame: DashboardFrame, policy: Policy, models: readonly AuthenticatorModel[]): Html {
  return dashboardPage(
    frame,
    'policy',
    'Policy',
    html`<form id="policy" method="post" action="/dashboard/policy">${csrfField(frame.csrf)}
<section class="card"><h2>Authentication methods</h2>
${check(policy, 'securityKeys', 'Security keys', 'Roaming FIDO2 keys on USB or NFC.')}
${check(policy, 'platformAuthenticators', 'Platform authenticators', 'Windows Hello, Touch ID and screen locks (WebAuthn).')}
${check(policy, 'passcodes', 'Hardware token passcodes', 'HOTP, TOTP and Yubico OTP.')}
${choice(policy, 'newUsers', 'Users whom only an application knows', { enrol: 'Enroll at their first sign-in', deny: 'Deny' })}
</section>
<section class="card"><h2>Security keys</h2>
${choice(policy, 'userVerification', 'User verification (PIN or biometrics)', {
  discouraged: 'Discouraged: a touch is enough',
  preferred: 'Preferred: asked for where the key has it',
  required: 'Required',
})}
${choice(policy, 'attestation', 'Attestation', {
  none: 'None: models stay hidden',
  direct: 'Direct: keys say which model they are',
  enterprise: 'Enterprise: keys may name themselves',
})}
${check(policy, 'requireTrustedAttestation', 'Only makers that the metadata vouches for', 'The attestation must lead to a root of the model’s metadata.')}
${list(policy, 'allowedAaguids', 'Allowed models', 'AAGUIDs, one a line; empty allows all.')}
${list(policy, 'deniedAaguids', 'Denied models', 'AAGUIDs, one a line.')}
</section>
<section class="card"><h2>Passcodes</h2>
${number(policy, 'hotpLookAhead', 'HOTP look-ahead', 'Unused codes that a token may be ahead.')}
${choice(policy, 'automaticResync', 'Automatic resynchronisation', {
  third: 'Three codes in a row; the third signs in',
  fourth: 'Three codes in a row; the fourth signs in',
  off: 'Off: by an administrator alone',
})}
${number(policy, 'automaticResyncRange', 'Furthest ahead', 'Codes; a token beyond is resynchronised by an administrator.')}
${number(policy, 'automaticResyncWindow', 'Time for the three codes', 'Seconds.')}
${number(policy, 'totpSteps', 'TOTP steps to either side', 'The service never adapts to a clock that drifts.')}
</section>
<section class="card"><h2>Enrollment, lock-out and remembered browsers</h2>
${number(policy, 'enrolmentLinkLifetime', 'Life of enrollment links', 'Seconds; 0 never expires. 2592000 are 30 days.')}
${number(policy, 'lockoutAttempts', 'Failures before an account is locked', 'In a row.')}
${number(policy, 'lockoutDuration', 'Time until a locked account opens by itself', 'Seconds; 0 waits for an administrator.')}
${number(policy, 'rememberedDeviceDays', 'Days that a browser is remembered', '0 does not offer it.')}
<p class="actions"><button id="save" type="submit">Save policy</button></p>
</section></form>
<section class="card"><h2>Models known by metadata</h2>
${table(
  'Models',
  ['Model', 'AAGUID'],
  models.map(({ aaguid, description }) => [description, html`<span class="mono">${aaguid}</span>`]),
  'No metadata was imported: models show as AAGUIDs.',
)}
<form method="post" action="/dashboard/metadata">${csrfField(frame.csrf)}
<p><label for="blob">Metadata BLOB (FIDO MDS3)</label><textarea id="blob" name="blob" rows="3" required spellcheck="false"></textarea></p>
<p><label for="root">Root certificate of its signer (PEM)</label><textarea id="root" name="root" rows="3" required spellcheck="false"></textarea></p>
<p><button class="secondary" type="submit">Import metadata</button></p></form></section>`,
  );
}

type Keys<T> = { [K in keyof Policy]: Policy[K] extends T ? K : never }[keyof Policy];

function check(policy: Policy, name: Keys<boolean>, label: string, hint: string): Html {
  return html`<p class="check"><input id="${name}" name="${name}" type="checkbox" ${policy[name] ? 'checked' : ''} aria-describedby="${name}-hint"><label for="${name}">${label}</label><span class="hint" id="${name}-hint">${hint}</span></p>`;
}

function choice<K extends 'userVerification' | 'attestation' | 'automaticResync' | 'newUsers'>(
  policy: Policy,
  name: K,
  label: string,
  words: Readonly<Record<Policy[K], string>>,
): Html {
  return html`<p class="field"><label for="${name}">${label}</label><select id="${name}" name="${name}">${Object.entries<string>(
    words,
  ).map(
    ([value, text]) => html`<option value="${value}" ${policy[name] === value ? 'selected' : ''}>${text}</option>`,
  )}</select></p>`;
}

function number(policy: Policy, name: keyof typeof POLICY_RANGES, label: string, hint: string): Html {
  const [low, high] = POLICY_RANGES[name];
  return html`<p class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" type="number" min="${low}" max="${high}" required value="${policy[name]}" aria-describedby="${name}-hint"><span class="hint" id="${name}-hint">${hint}</span></p>`;
}

function list(policy: Policy, name: 'allowedAaguids' | 'deniedAaguids', label: string, hint: string): Html {
  return html`<p class="field"><label for="${name}">${label}</label><textarea id="${name}" name="${name}" rows="2" spellcheck="false" aria-describedby="${name}-hint">${policy[name].join('\n')}</textarea><span class="hint" id="${name}-hint">${hint}</span></p>`;
}
