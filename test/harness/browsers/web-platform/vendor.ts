/** The two files of the tests that each maker of a browser writes: where results go, and what testdriver.js can do. */

/** A command of a test, or its results. Frames are numbered as in `window.frames`. */
export type Message =
  | {
      readonly type: 'command';
      readonly id: number;
      readonly name: string;
      readonly parameters: readonly unknown[];
      readonly frame: number | undefined;
    }
  | { readonly type: 'results'; readonly status: number; readonly subtests: readonly Subtest[] };

export interface Subtest {
  readonly name: string;
  /** 0 for passed; the others are those of testharness.js. */
  readonly status: number;
  readonly message: string | null;
}

export interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** What testharnessreport.js leaves in the window of a test, for the scripts of the page and for who drives the browser. */
interface TestWindow {
  ask(name: string, parameters: readonly unknown[], frame: number | undefined): Promise<Answer>;
  /** The next message, as soon as there is one. */
  take(): Promise<Message>;
  answer(id: number, answer: Answer): void;
}

/** The texts of the files in the folder resources/. */
export const VENDOR_FILES = {
  'testharnessreport.js': script(testharnessreport),
  'testdriver-vendor.js': script(testdriverVendor),
};

/** Some of what runs TypeScript names functions by a helper, which a page has not. */
function script(run: () => void): string {
  return `((__name) => (${run})())((named) => named);\n`;
}

function testharnessreport(): void {
  const page = window as unknown as {
    ctaplab: TestWindow;
    add_completion_callback(callback: (tests: readonly Subtest[], outcome: { readonly status: number }) => void): void;
  };
  const waiting = new Map<number, (answer: Answer) => void>();
  const queue: Message[] = [];
  let wake = (): void => undefined;
  let count = 0;

  function push(message: Message): void {
    queue.push(message);
    wake();
  }

  const driven: TestWindow = {
    ask(name, parameters, frame) {
      count += 1;
      const id = count;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        push({ type: 'command', id, name, parameters, frame });
      });
    },
    async take() {
      while (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return queue.shift()!;
    },
    answer(id, answer) {
      waiting.get(id)?.(answer);
      waiting.delete(id);
    },
  };
  page.ctaplab = driven;
  page.add_completion_callback((tests, { status }) => {
    const subtests = tests.map(({ name, status, message }) => ({ name, status, message }));
    push({ type: 'results', status, subtests });
  });
}

/** Commands of a frame go by the window of its test. */
function testdriverVendor(): void {
  const page = window as unknown as { readonly ctaplab?: TestWindow; readonly test_driver_internal: object };
  const driven = page.ctaplab;
  let context = window;

  function askContext(name: string, parameters: readonly unknown[]): Promise<Answer> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      context.postMessage({ ctaplabCommand: name, parameters }, '*', [port2]);
    });
  }

  async function run(name: string, ...parameters: readonly unknown[]): Promise<unknown> {
    const { value, error } = await (driven?.ask(name, parameters, undefined) ?? askContext(name, parameters));
    if (error !== undefined) throw new Error(error);
    return value;
  }

  window.addEventListener('message', async ({ data, source, ports }) => {
    if (driven === undefined || data?.ctaplabCommand === undefined) return;
    let frame = 0;
    while (window.frames[frame] !== source) frame += 1;
    ports[0]?.postMessage(await driven.ask(data.ctaplabCommand, data.parameters, frame));
  });

  Object.assign(page.test_driver_internal, {
    in_automation: true,
    set_test_context(of: Window) {
      context = of as typeof context;
    },
    click: (element: HTMLElement) => run('click', `#${element.id}`),
    add_virtual_authenticator: (configuration: unknown) => run('add', configuration),
    remove_virtual_authenticator: (id: unknown) => run('remove', id),
    add_credential: (id: unknown, credential: unknown) => run('addCredential', id, credential),
    get_credentials: (id: unknown) => run('getCredentials', id),
    remove_credential: (id: unknown, credentialId: unknown) => run('removeCredential', id, credentialId),
    remove_all_credentials: (id: unknown) => run('removeAllCredentials', id),
    set_user_verified: (id: unknown, parameters: unknown) => run('setUserVerified', id, parameters),
  });
}
