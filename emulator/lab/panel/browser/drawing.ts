/// <reference lib="dom" />
/** Keys as they look on a desk, beside the port of a computer or a card reader. Colours and movement are the style sheet's. */
import type { LabKeyJSON } from '../../api/schemas.ts';
import { setAttribute, setText, svg } from './dom.ts';
import type { Led } from './words.ts';

type FormFactor = LabKeyJSON['formFactor'];

export interface DrawnKey {
  readonly formFactor: FormFactor;
  /** What is engraved: the key's name in its lab. */
  readonly label: string;
}

/** Where a finger goes, and how large that place is. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly r: number;
}

interface Shape {
  readonly body: readonly SVGElement[];
  readonly touch: Place;
  readonly led: { readonly x: number; readonly y: number };
  readonly label: { readonly x: number; readonly y: number };
}

/** A key in or beside its port; the finger's place and the light follow the key's state. */
export class KeyDrawing {
  readonly element: SVGSVGElement;

  constructor(key: DrawnKey) {
    const shape = SHAPES[key.formFactor]();
    const device = svg(
      'g',
      { class: 'device' },
      ...shape.body,
      ...lightOf(shape),
      ...touchOf(shape, key.formFactor.endsWith('-bio')),
    );
    const engraved = svg('text', { class: 'engraved', x: shape.label.x, y: shape.label.y }, key.label);
    device.append(engraved);
    const host = key.formFactor === 'card' ? reader() : port();
    this.element = svg(
      'svg',
      { class: `drawing drawing-${key.formFactor}`, viewBox: '0 0 376 160', 'aria-hidden': 'true', focusable: 'false' },
      device,
      ...host,
    );
  }

  update(led: Led, inserted: boolean): void {
    setAttribute(this.element, 'data-led', led);
    setAttribute(this.element, 'data-inserted', String(inserted));
  }
}

/** A programmable token: its display, its button. */
export class TokenDrawing {
  readonly element: SVGSVGElement;
  readonly #digits: SVGTextElement;

  constructor(label: string) {
    this.#digits = svg('text', { class: 'lcd-digits', x: 104, y: 60 });
    this.element = svg(
      'svg',
      { class: 'drawing drawing-token', viewBox: '0 0 260 110', 'aria-hidden': 'true', focusable: 'false' },
      svg('rect', { class: 'body', x: 4, y: 8, width: 252, height: 90, rx: 28 }),
      svg('circle', { class: 'hole', cx: 236, cy: 53, r: 7 }),
      svg('rect', { class: 'lcd', x: 30, y: 26, width: 148, height: 46, rx: 6 }),
      this.#digits,
      svg('circle', { class: 'button', cx: 204, cy: 53, r: 14 }),
      svg('text', { class: 'engraved', x: 104, y: 90 }, label),
    );
  }

  /** @param code what the display shows; undefined for one without a seed */
  update(code: string | undefined): void {
    setText(this.#digits, code ?? '- - -');
    // Ten digits go where six do.
    const tight = code !== undefined && code.length > 6;
    setAttribute(this.#digits, 'textLength', tight ? 134 : undefined);
    setAttribute(this.#digits, 'lengthAdjust', tight ? 'spacingAndGlyphs' : undefined);
  }
}

/** The side of a computer; it goes on to the left as far as the picture does. */
function port(): SVGElement[] {
  return [
    svg('rect', { class: 'host', x: -600, y: 22, width: 648, height: 116, rx: 12 }),
    svg('rect', { class: 'host-slot', x: 40, y: 54, width: 8, height: 52, rx: 2 }),
  ];
}

function reader(): SVGElement[] {
  return [
    svg('rect', { class: 'host', x: -600, y: 2, width: 664, height: 156, rx: 12 }),
    svg('rect', { class: 'host-slot', x: 57, y: 12, width: 7, height: 136, rx: 2 }),
  ];
}

const SHAPES: Readonly<Record<FormFactor, () => Shape>> = {
  'usb-a': () => ({
    body: [...plugA(), body(82, 40, 240, 80, 22), hole(300, 80)],
    touch: { x: 206, y: 80, r: 27 },
    led: { x: 116, y: 80 },
    label: { x: 262, y: 86 },
  }),
  'usb-c': () => ({
    body: [...plugC(14), body(74, 46, 212, 68, 34), hole(262, 80)],
    touch: { x: 178, y: 80, r: 24 },
    led: { x: 110, y: 80 },
    label: { x: 226, y: 86 },
  }),
  'usb-a-c': () => ({
    body: [...plugA(), ...plugC(280), body(82, 40, 206, 80, 20)],
    touch: { x: 190, y: 80, r: 27 },
    led: { x: 116, y: 80 },
    label: { x: 254, y: 86 },
  }),
  'usb-a-mini': () => ({
    body: [...plugA(), body(82, 46, 108, 68, 20)],
    touch: { x: 136, y: 80, r: 22 },
    led: { x: 98, y: 80 },
    label: { x: 174, y: 86 },
  }),
  'usb-c-mini': () => ({
    body: [...plugC(14), body(74, 50, 104, 60, 26)],
    touch: { x: 124, y: 80, r: 20 },
    led: { x: 90, y: 80 },
    label: { x: 160, y: 86 },
  }),
  'usb-a-bio': () => ({
    body: [...plugA(), body(82, 40, 240, 80, 22), hole(300, 80)],
    touch: { x: 206, y: 80, r: 30 },
    led: { x: 116, y: 80 },
    label: { x: 264, y: 86 },
  }),
  'usb-a-c-bio': () => ({
    body: [...plugA(), ...plugC(280), body(82, 38, 206, 84, 20)],
    touch: { x: 190, y: 80, r: 30 },
    led: { x: 116, y: 80 },
    label: { x: 256, y: 86 },
  }),
  card: () => ({
    body: [body(24, 8, 226, 144, 12), ...chip(), ...waves()],
    touch: { x: 176, y: 108, r: 24 },
    led: { x: 96, y: 30 },
    label: { x: 226, y: 34 },
  }),
};

function body(x: number, y: number, width: number, height: number, rx: number): SVGElement {
  return svg(
    'g',
    {},
    svg('rect', { class: 'body', x, y, width, height, rx }),
    svg('path', { class: 'shine', d: `M${x + rx} ${y + 4}h${width - 2 * rx}` }),
  );
}

function hole(cx: number, cy: number): SVGElement {
  return svg('circle', { class: 'hole', cx, cy, r: 9 });
}

function plugA(): SVGElement[] {
  return [
    svg('rect', { class: 'metal', x: 8, y: 57, width: 78, height: 46, rx: 3 }),
    svg('rect', { class: 'metal-hole', x: 50, y: 65, width: 11, height: 9 }),
    svg('rect', { class: 'metal-hole', x: 50, y: 86, width: 11, height: 9 }),
  ];
}

function plugC(x: number): SVGElement[] {
  return [
    svg('rect', { class: 'metal', x, y: 66, width: 64, height: 28, rx: 13 }),
    svg('rect', { class: 'metal-hole', x: x > 100 ? x + 44 : x + 6, y: 76, width: 14, height: 8, rx: 4 }),
  ];
}

function chip(): SVGElement[] {
  return [
    svg('rect', { class: 'gold', x: 88, y: 58, width: 48, height: 38, rx: 7 }),
    svg('path', { class: 'gold-lines', d: 'M88 77h16m16 0h16M104 58v38m16-38v38M104 70h16m-16 14h16' }),
  ];
}

/** The sign of a contactless card. */
function waves(): SVGElement[] {
  return [14, 22, 30].map((r) => {
    const half = r * 0.7;
    return svg('path', { class: 'waves', d: `M${152 + half} ${44 - half}a${r} ${r} 0 0 1 0 ${2 * half}` });
  });
}

function lightOf({ led: { x, y } }: Shape): SVGElement[] {
  return [
    svg('circle', { class: 'led-glow', cx: x, cy: y, r: 13 }),
    svg('circle', { class: 'led', cx: x, cy: y, r: 5.5 }),
  ];
}

function touchOf({ touch: { x, y, r } }: Shape, hasSensor: boolean): SVGElement[] {
  const ring = svg('circle', { class: 'ring', cx: x, cy: y, r: r + 4 });
  // The way round is one, so that how long the finger has been there is a number from 0 to 1.
  const hold = svg('circle', {
    ...{ class: 'hold', cx: x, cy: y, r: r + 9, pathLength: 1, transform: `rotate(-90 ${x} ${y})` },
  });
  if (!hasSensor) {
    const pad = svg('circle', { class: 'gold pad', cx: x, cy: y, r });
    const inner = svg('circle', { class: 'pad-line', cx: x, cy: y, r: r - 7 });
    return [ring, pad, inner, hold];
  }
  const side = r * 1.9;
  const frame = svg('rect', {
    ...{ class: 'sensor', x: x - side / 2, y: y - side / 2, width: side, height: side, rx: 12 },
  });
  const ridges = [6, 11, 16].map((radius) =>
    svg('path', {
      class: 'ridge',
      d: `M${x - radius} ${y + 12 - radius / 4}v${-8 + radius / 4}a${radius} ${radius} 0 0 1 ${2 * radius} 0v${8 - radius / 4}`,
    }),
  );
  return [ring, frame, ...ridges, svg('path', { class: 'ridge', d: `M${x} ${y + 2}v11` }), hold];
}
