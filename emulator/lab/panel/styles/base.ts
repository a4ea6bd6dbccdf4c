/** Colours as tokens for light and dark, then elements, then the frame of the page. */
export const BASE = `
:root {
  color-scheme: light dark;
  --ground: #eef1ee; --surface: #ffffff; --sunken: #f5f7f5; --ink: #16211b; --muted: #53625a; --line: #d3dbd5;
  --accent: #176038; --accent-strong: #0f4627; --accent-soft: #e3f1e8; --on-accent: #ffffff;
  --warm: #8a4b00; --warm-soft: #fff3df; --warm-line: #e9b872;
  --bad: #9c2119; --bad-soft: #fdf0ee; --bad-line: #e9bdb8; --field: #7f8f86;
  --desk: #e2e8e3; --shadow: 0 1px 2px rgb(20 40 28 / 8%), 0 10px 28px rgb(20 40 28 / 7%);
  --key-body: #262b33; --key-edge: #12151a; --key-shine: #4a525e; --key-ink: #aab3bf;
  --metal: #c3c9cf; --metal-edge: #8d969f; --metal-dark: #59626b; --gold: #d9b25c; --gold-dark: #98742a;
  --host: #b9c2bd; --host-edge: #94a09a; --slot: #4d5852; --lcd: #bcc8ae; --lcd-ink: #1d2a17;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1512; --surface: #18201c; --sunken: #131a16; --ink: #e6ede9; --muted: #a0b0a7; --line: #2c3832;
    --accent: #7fd3a0; --accent-strong: #a5e3bd; --accent-soft: #1b3326; --on-accent: #0b1f13;
    --warm: #f3c179; --warm-soft: #33260f; --warm-line: #7a5a25;
    --bad: #f5aaa3; --bad-soft: #331d1c; --bad-line: #6b3531; --field: #6b7c73;
    --desk: #1c2520; --shadow: none;
    --key-body: #343b45; --key-edge: #4c5663; --key-shine: #5f6a78; --key-ink: #c5ced9;
    --metal: #98a1a9; --metal-edge: #c1c8ce; --metal-dark: #2d343b;
    --host: #3a463f; --host-edge: #56645c; --slot: #0b100d;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
h1, h2, h3, p, dl, dd, ul, pre { margin: 0; }
h1, h2 { font-size: 1.125rem; line-height: 1.35; font-weight: 650; letter-spacing: -.005em; }
h3 { font-size: .9375rem; line-height: 1.4; font-weight: 650; }
ul { padding: 0; list-style: none; }
a { color: var(--accent); text-underline-offset: .15em; }
a:hover { color: var(--accent-strong); }
main:focus, h2:focus { outline: none; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
code, pre, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
kbd {
  display: inline-block; min-width: 1.5em; padding: 0 .375em; border: 1px solid var(--field); border-bottom-width: 2px;
  border-radius: 5px; font: inherit; font-size: .875em; text-align: center;
}
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; padding: .5rem 1rem; background: var(--surface); border-radius: 6px; z-index: 3; }
.skip:focus { top: .5rem; }

button {
  display: inline-flex; align-items: center; justify-content: center; gap: .5rem; min-height: 2.5rem; padding: .375rem .875rem;
  border: 1px solid transparent; border-radius: 8px; background: var(--accent); color: var(--on-accent);
  font: inherit; font-size: .9375rem; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--accent-strong); }
button.secondary { background: var(--surface); border-color: var(--field); color: var(--ink); }
button.secondary:hover { background: var(--accent-soft); border-color: var(--accent); }
button.quiet { background: transparent; color: var(--accent); padding-inline: .625rem; }
button.quiet:hover { background: var(--accent-soft); color: var(--accent-strong); }
button.danger { color: var(--bad); }
button.danger:hover { background: var(--bad-soft); color: var(--bad); }
button:disabled { opacity: .55; cursor: default; }
input, select {
  min-height: 2.5rem; padding: .25rem .625rem; border: 1px solid var(--field); border-radius: 8px;
  background: var(--surface); color: var(--ink); font: inherit; font-size: .9375rem; max-width: 100%;
}
input[type="checkbox"] { min-height: 0; width: 1.125rem; height: 1.125rem; accent-color: var(--accent); flex: none; }
summary { cursor: pointer; }
.part summary { font-size: .9375rem; padding: .125rem 0; }
.part details { margin-top: .375rem; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
.empty, .hint, .about { color: var(--muted); font-size: .875rem; }
.section-head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem; margin-bottom: .75rem; }

.bar {
  display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; min-height: 3.5rem; padding: .375rem 1.5rem;
  background: var(--surface); border-bottom: 1px solid var(--line);
}
.brand { display: flex; align-items: center; gap: .625rem; font-weight: 700; letter-spacing: -.01em; }
.mark rect { fill: var(--accent); }
.mark path { fill: none; stroke: var(--on-accent); stroke-width: 2.5; stroke-linecap: round; }
.connection {
  display: inline-flex; align-items: center; gap: .5rem; padding: .0625rem .625rem; border-radius: 99px;
  background: var(--warm-soft); color: var(--warm); font-size: .8125rem; font-weight: 600;
}
.connection::before { content: ""; width: .5rem; height: .5rem; border-radius: 50%; background: currentColor; }
.connection[data-state="open"] { background: var(--accent-soft); color: var(--accent); }
.connection[data-state="refused"] { background: var(--bad-soft); color: var(--bad); }
.links { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-left: auto; font-size: .9375rem; }
.links a { display: inline-flex; align-items: center; min-height: 2.25rem; }
.clock { position: relative; font-size: .875rem; font-variant-numeric: tabular-nums; }
.links[hidden] + .clock { margin-left: auto; }
.clock summary { padding: .375rem .625rem; border: 1px solid var(--line); border-radius: 8px; }
.clock .offset { color: var(--warm); font-weight: 600; }
.pop {
  position: absolute; right: 0; z-index: 2; display: grid; gap: .75rem; width: max-content; max-width: calc(100vw - 2rem);
  margin-top: .375rem; padding: .875rem; background: var(--surface); border: 1px solid var(--line); border-radius: 12px;
  box-shadow: var(--shadow);
}
.notice {
  display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: .625rem 1.5rem;
  background: var(--bad-soft); border-bottom: 1px solid var(--bad-line); color: var(--bad); overflow-wrap: anywhere;
}
.notice button { color: inherit; }

main { max-width: 100rem; margin: 0 auto; padding: 1.5rem; }
.lab, .bench { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; align-content: start; min-width: 0; }
.gate { max-width: 34rem; margin: 8vh auto; padding: 2rem; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; }
.gate h1 { font-size: 1.375rem; }
.gate p, .gate pre { margin-top: .875rem; }
.gate pre { padding: .75rem 1rem; background: var(--sunken); border-radius: 8px; overflow-x: auto; }
@media (min-width: 70rem) {
  .lab { grid-template-columns: minmax(0, 1.1fr) minmax(26rem, 1fr); }
  .conversation { align-self: start; position: sticky; top: 1.5rem; max-height: calc(100vh - 6.5rem); }
}
@media (max-width: 40rem) {
  .bar { padding-inline: 1rem; }
  .links { margin-left: 0; }
  main { padding: 1rem; }
  .pop { right: auto; left: 0; }
}
`;
