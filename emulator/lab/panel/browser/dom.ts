/// <reference lib="dom" />
/** Elements without markup: every text that comes from outside is a text node, never HTML. */

type Child = Node | string | undefined;
type Listener = (event: never) => void;
type Attribute = string | number | boolean | undefined;

interface Attributes {
  /** Listeners by the name of their event. */
  readonly on?: Readonly<Record<string, Listener>>;
  readonly [name: string]: Attribute | Readonly<Record<string, Listener>>;
}

const SVG = 'http://www.w3.org/2000/svg';

/** An element of HTML with attributes, listeners and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return furnish(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish<E extends Element>(element: E, { on = {}, ...attributes }: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value as Attribute);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener as EventListener);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Sets it, or takes it away for false and undefined; nothing happens where it is so already. */
export function setAttribute(element: Element, name: string, value: Attribute): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else {
    const text = value === true ? '' : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Changes the text only where it differs, so that selections and live regions are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

/** The element with this id; its absence is a defect of the page. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page lacks a ${type.name} with id "${id}"`);
  return element;
}

/** Something of a list that is kept as long as its item is there. */
export interface ListView<T> {
  readonly element: HTMLElement;
  update(item: T): void;
}

/** Keeps the children of `container` in step with items: one view for each name, which keeps its focus and state. */
export class KeyedList<T> {
  readonly #container: HTMLElement;
  readonly #nameOf: (item: T) => string;
  readonly #create: (item: T) => ListView<T>;
  readonly #views = new Map<string, ListView<T>>();

  constructor(container: HTMLElement, nameOf: (item: T) => string, create: (item: T) => ListView<T>) {
    this.#container = container;
    this.#nameOf = nameOf;
    this.#create = create;
  }

  /** Shows one item that is there already. @returns false where it is not */
  updateOne(item: T): boolean {
    const view = this.#views.get(this.#nameOf(item));
    view?.update(item);
    return view !== undefined;
  }

  update(items: readonly T[]): void {
    const names = new Set(items.map(this.#nameOf));
    for (const [name, view] of this.#views) {
      if (names.has(name)) continue;
      view.element.remove();
      this.#views.delete(name);
    }
    let place = this.#container.firstElementChild;
    for (const item of items) {
      const name = this.#nameOf(item);
      let view = this.#views.get(name);
      if (view === undefined) {
        view = this.#create(item);
        this.#views.set(name, view);
      }
      view.update(item);
      if (view.element === place) place = place.nextElementSibling;
      else this.#container.insertBefore(view.element, place);
    }
  }
}
