/** Chromium's own page for security keys, chrome://settings/securityKeys: it lists what is on a key. */
import type { Page } from 'playwright-core';

/** Passkeys as the page shows them: website, name, username. */
export type ShownPasskey = readonly string[];

const DIALOG = 'settings-security-keys-credential-management-dialog';
const ITEMS = `${DIALOG} #container [role="listitem"]`;

/** Opens the sign-in data of the key that is touched, and gives the PIN. Returns what is listed. */
export async function openSignInData(page: Page, pin: string): Promise<ShownPasskey[]> {
  await page.goto('chrome://settings/securityKeys');
  await page.click('#credentialManagementButton');
  await page.locator(`${DIALOG} #pin input`).fill(pin);
  await page.click(`${DIALOG} #confirmButton`);
  await page.locator(`${DIALOG} #credentials.selected`).waitFor();
  await page.locator(ITEMS).first().waitFor();
  const rows = await page.locator(ITEMS).all();
  return Promise.all(
    rows.map((row) =>
      Promise.all(
        ['.site', '.user-display-name', '.user-name'].map(async (name) =>
          ((await row.locator(name).textContent()) ?? '').trim(),
        ),
      ),
    ),
  );
}
