/** Chromium in an emulated machine. */
import { DIALOG_FEATURES, dialogArguments } from './chromium-dialog.ts';

/** Where Chromium's own pages are looked at. */
export const UI_PORT = 9223;

export const CHROMIUM_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--no-first-run',
  // No traffic of its own.
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  // What costs seconds in an emulated machine and is not needed.
  '--force-prefers-reduced-motion',
  '--disable-gpu',
  '--in-process-gpu',
  '--disable-software-rasterizer',
  '--disable-extensions',
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup',
  `--enable-features=${DIALOG_FEATURES.join(',')}`,
  ...dialogArguments(UI_PORT),
];
