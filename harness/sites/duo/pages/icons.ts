import { raw } from 'hono/html';

/** Favicon: the site's mark on its own ground. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d4f91"/><circle cx="12.5" cy="16" r="4.5" fill="none" stroke="#fff" stroke-width="2.5"/><path d="M17 16h9m-3.5 0v4" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round"/></svg>`;

const line = (body: string, size = 24): ReturnType<typeof raw> =>
  raw(
    `<svg class="icon" width="${size}" height="${size}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${body}</svg>`,
  );

/** The site's mark in the bar, in the colours of the theme. */
export const mark = raw(
  `<svg class="mark" width="30" height="30" viewBox="0 0 32 32" fill="none" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="7"/><path d="M17 16h9m-3.5 0v4M17 16a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0Z"/></svg>`,
);
export const usbKey = line(
  '<rect x="2.5" y="7.5" width="13" height="9" rx="2.2"/><path d="M15.5 9.2h6v5.6h-6"/><circle cx="8.2" cy="12" r="1.9"/>',
  26,
);
export const device = line(
  '<rect x="4" y="4.5" width="16" height="11" rx="2"/><path d="M2.5 19.5h19"/><path d="M10 12.5v-1a2 2 0 0 1 4 0v1"/>',
  26,
);
export const keypad = line(
  '<rect x="5" y="2.5" width="14" height="19" rx="3"/><path d="M8.5 7h7M8.7 12h.01M12 12h.01M15.3 12h.01M8.7 16.5h.01M12 16.5h.01M15.3 16.5h.01"/>',
  26,
);
export const chevron = line('<path d="m9 5 7 7-7 7"/>', 18);
export const tick = line('<path d="m5 12.5 4.6 4.6L19 7.5"/>', 30);

/** A key in a port with a finger's place to touch; the ring moves while the site waits. */
export const touchPicture = raw(
  `<svg class="touch" viewBox="0 16 206 64" aria-hidden="true" focusable="false">
<path class="touch-port" d="M0 34h34a6 6 0 0 1 6 6v16a6 6 0 0 1-6 6H0"/>
<rect class="touch-plug" x="44" y="36" width="34" height="24" rx="2"/>
<rect class="touch-body" x="76" y="24" width="128" height="48" rx="12"/>
<circle class="touch-hole" cx="184" cy="48" r="7"/>
<circle class="touch-ring" cx="128" cy="48" r="15"/>
<circle class="touch-pad" cx="128" cy="48" r="11"/>
</svg>`,
);
