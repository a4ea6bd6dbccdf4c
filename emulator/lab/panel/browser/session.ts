/// <reference lib="dom" />
/** How the page comes by the lab's token: a one-time code in its address, or what this tab kept. */

const STORED = 'ctaplab-token';

/** The token; undefined where there is neither a code nor a stored token, or the code was used before. */
export async function openSession(): Promise<string | undefined> {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) {
    // The code is good once: it must not stay in the address or the history.
    history.replaceState(null, '', location.pathname);
    const token = await redeem(code);
    if (token !== undefined) {
      sessionStorage.setItem(STORED, token);
      return token;
    }
  }
  return sessionStorage.getItem(STORED) ?? undefined;
}

export function forgetSession(): void {
  sessionStorage.removeItem(STORED);
}

async function redeem(code: string): Promise<string | undefined> {
  const response = await fetch('/panel/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  if (!response.ok) return undefined;
  const { token } = (await response.json()) as { token: string };
  return token;
}
