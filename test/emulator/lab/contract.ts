/** A lab with its API, whose every answer is held against the API's own document. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { Lab, type LabOptions } from '../../../emulator/lab/lab.ts';
import { type ControlServer, type ControlServerOptions, serveControlApi } from '../../../emulator/lab/server.ts';
import { defaultModel } from '../../../emulator/models/index.ts';

export interface Operation {
  readonly summary: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Schema;
}

export type Schema = Readonly<Record<string, unknown>>;

export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the document says what it is, and each test what it expects
  readonly body: any;
}

export interface Asked {
  readonly body?: unknown;
  /** In place of `body`: sent as it is. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Contract {
  readonly lab: Lab;
  readonly server: ControlServer;
  readonly defects: unknown[];
  readonly document: ApiDocument;
  /** Operations that were asked, as "GET /keys/{id}". */
  readonly asked = new Set<string>();
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(lab: Lab, server: ControlServer, defects: unknown[], document: ApiDocument) {
    this.lab = lab;
    this.server = server;
    this.defects = defects;
    this.document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'api');
  }

  static async open(options: Partial<LabOptions & ControlServerOptions> = {}): Promise<Contract> {
    const lab = await Lab.open({ model: defaultModel, keys: 2, touch: 'manual', transports: [], ...options });
    const defects: unknown[] = [];
    const server = await serveControlApi(lab, { onDefect: (error) => defects.push(error), ...options });
    const authorization = `Bearer ${server.token}`;
    const response = await fetch(`${server.url}/openapi.json`, { headers: { authorization } });
    return new Contract(lab, server, defects, (await response.json()) as ApiDocument);
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.lab.close();
  }

  /** Asks with the token; throws where the answer is not one that the document allows. */
  async ask(method: string, path: string, { body, text, headers = {} }: Asked = {}): Promise<Answer> {
    const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.server.token}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const type = (response.headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
    const bytes = new Uint8Array(await response.arrayBuffer());
    const json = /\bjson$/.test(type);
    const answer: Answer = {
      status: response.status,
      type,
      headers: response.headers,
      body: json ? JSON.parse(new TextDecoder().decode(bytes)) : bytes,
    };
    this.#hold(method, path, answer);
    return answer;
  }

  #hold(method: string, path: string, { status, type, body }: Answer): void {
    const template = this.templateOf(path);
    const operation = template === undefined ? undefined : this.document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || operation === undefined) {
      if (status !== 404 && status !== 405)
        throw new Error(`${method} ${path} is in no document, and answered ${status}`);
      this.#validate('#/components/schemas/Problem', body, 'a problem');
      return;
    }
    const name = `${method} ${template}`;
    this.asked.add(name);
    const response = operation.responses[String(status)];
    if (response === undefined) throw new Error(`${name} answered ${status}, which the document does not say`);
    const media = response.content?.[type] ?? response.content?.['*/*'];
    if (media === undefined) throw new Error(`${name} ${status} came as ${type}, which the document does not say`);
    if (!/\bjson$/.test(type)) return;
    const pointer = [template, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
    this.#validate(`#/paths/${pointer.map(pointerStep).join('/')}`, body, `${name} ${status}`);
  }

  #validate(pointer: string, value: unknown, what: string): void {
    const validate = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: `api${pointer}` });
    this.#validators.set(pointer, validate);
    if (!validate(value))
      throw new Error(`${what}: ${this.#ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
  }

  templateOf(path: string): string | undefined {
    const steps = path.split('?', 1)[0]!.split('/');
    const fits = (template: string) => {
      const own = template.split('/');
      return own.length === steps.length && own.every((step, i) => step.startsWith('{') || step === steps[i]);
    };
    // What is written out comes before what stands for anything.
    return Object.keys(this.document.paths)
      .filter(fits)
      .sort((a, b) => a.split('{').length - b.split('{').length)[0];
  }
}

/** A JSON pointer's step, in a URI. */
function pointerStep(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}
