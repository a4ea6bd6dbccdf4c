/** Keys as drawings, their lights and their movement. */
export const DRAWING = `
.drawing { display: block; width: 100%; max-width: 23.5rem; margin: 0 auto; overflow: visible; pointer-events: none; }
.is-single .drawing { max-width: 28rem; }
.drawing-token { max-width: 16rem; }
.device { transition: transform .35s ease-out; }
.drawing[data-inserted="false"] .device { transform: translateX(46px); }
.drawing-card[data-inserted="false"] .device { transform: translateX(48px); }
.host { fill: var(--host); stroke: var(--host-edge); stroke-width: 1.5; }
.host-slot { fill: var(--slot); }
.body { fill: var(--key-body); stroke: var(--key-edge); stroke-width: 2; }
.shine { fill: none; stroke: var(--key-shine); stroke-width: 2; stroke-linecap: round; }
.hole { fill: var(--desk); stroke: var(--key-edge); stroke-width: 2; }
.metal { fill: var(--metal); stroke: var(--metal-edge); stroke-width: 1.5; }
.metal-hole { fill: var(--metal-dark); }
.gold { fill: var(--gold); stroke: var(--gold-dark); stroke-width: 1.5; }
.gold-lines, .pad-line { fill: none; stroke: var(--gold-dark); stroke-width: 1.5; }
.waves { fill: none; stroke: var(--key-ink); stroke-width: 3; stroke-linecap: round; }
.sensor { fill: var(--key-edge); stroke: var(--gold); stroke-width: 2.5; }
@media (prefers-color-scheme: dark) { .sensor { fill: #1d2229; } }
.ridge { fill: none; stroke: var(--key-ink); stroke-width: 2; stroke-linecap: round; }
.engraved { fill: var(--key-ink); font: 600 15px ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; text-anchor: middle; }
.lcd { fill: var(--lcd); stroke: var(--key-edge); stroke-width: 2; }
.lcd-digits { fill: var(--lcd-ink); font: 600 29px ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; text-anchor: middle; letter-spacing: 2px; }
.button { fill: var(--gold); stroke: var(--gold-dark); stroke-width: 2; }

.led { fill: #5b646f; stroke: var(--key-edge); stroke-width: 1; }
.led-glow { fill: transparent; }
[data-led="idle"] .led { fill: #3fae6c; }
[data-led="working"] .led { fill: #5aa9ff; }
[data-led="working"] .led-glow { fill: rgb(90 169 255 / 30%); }
[data-led="touch"] .led { fill: #ffc24d; }
[data-led="touch"] .led-glow { fill: rgb(255 194 77 / 45%); }
[data-led="error"] .led { fill: #ff6256; }
[data-led="error"] .led-glow { fill: rgb(255 98 86 / 40%); }
[data-led="touch"] .led, [data-led="touch"] .led-glow { animation: blink .8s steps(1) infinite; }
[data-led="working"] .led-glow { animation: breathe 1.4s ease-in-out infinite; }
@keyframes blink { 50% { fill: #4a4436; } }
@keyframes breathe { 50% { opacity: .2; } }
.ring { fill: none; stroke: transparent; stroke-width: 3; transform-box: fill-box; transform-origin: center; }
[data-led="touch"] .ring { stroke: #ffc24d; animation: pulse 1.6s ease-out infinite; }
@keyframes pulse { from { transform: scale(.95); opacity: 1; } to { transform: scale(1.5); opacity: 0; } }
.hold { fill: none; stroke: #5fe39a; stroke-width: 5; stroke-linecap: round; stroke-dasharray: 0 1; visibility: hidden; }
[data-held] .hold { visibility: visible; stroke-dasharray: 1 0; animation: hold 1s linear; }
@keyframes hold { from { stroke-dasharray: 0 1; } to { stroke-dasharray: 1 0; } }

@media (prefers-reduced-motion: reduce) {
  .device { transition: none; }
  [data-led] .led, [data-led] .led-glow, [data-led="touch"] .ring { animation: none; }
  [data-led="touch"] .ring { transform: scale(1.15); }
  [data-held] .hold { animation: none; }
}
@media (forced-colors: active) {
  .body, .sensor, .lcd { fill: Canvas; stroke: CanvasText; }
  .pad, .ridge, .led { fill: CanvasText; }
  [data-led="touch"] .ring { stroke: Highlight; }
}
`;
