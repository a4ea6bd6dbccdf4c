/** `ctaplab metadata`: what a relying party needs to enforce the attestation of the lab's keys. */
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { PublishedMetadata } from '../../emulator/attestation/metadata-blob.ts';
import { findModel, type Model, models } from '../../emulator/models/index.ts';
import { requireLab } from '../lab/lab-client.ts';
import { argument, seedOption } from './key-options.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

interface MetadataOptions {
  readonly json?: boolean;
  readonly model?: readonly Model[];
  readonly state?: string;
  readonly seed?: string;
  readonly blob?: string;
  readonly root?: string;
  readonly attestationRoot?: string;
}

export function command(): Command {
  return verb('metadata', 'describe the models as the FIDO metadata service does, signed by the lab', [
    'metadata --blob blob.jwt --root metadata-root.pem',
    'metadata --seed 00ff --model token2-r3 --json',
  ])
    .addOption(
      new Option('--model <name>', 'one model; can be given again (default: all)').argParser(
        (text: string, before: Model[] | undefined) => [...(before ?? []), parseModel(text)],
      ),
    )
    .addOption(new Option('--state <dir>', 'the lab that keeps its keys there, while it does not run'))
    .addOption(seedOption().conflicts('state'))
    .option('--blob <file>', 'write the signed metadata BLOB there')
    .option('--root <file>', 'write the certificate that the BLOB is signed under there')
    .option('--attestation-root <file>', 'write the root of the attestation certificates there')
    .action(metadata);
}

const parseModel = argument(findModel);

async function metadata(options: MetadataOptions): Promise<void> {
  const output = new Output(options);
  const published = await publish(options);
  const files = [
    ['BLOB', options.blob, published.blob],
    ['metadata root', options.root, published.metadataRoot],
    ['attestation root', options.attestationRoot, published.attestationRoot],
  ] as const;
  for (const [, file, text] of files) if (file !== undefined) await writeFile(file, text);
  output.document(published);
  output.table(
    published.statements.map(({ aaguid, description, attestationTypes }) => [
      aaguid ?? 'U2F alone',
      description,
      attestationTypes.join(', '),
    ]),
  );
  for (const [what, file] of files) if (file !== undefined) output.line(`${what}: ${file}`);
}

/** Of the lab that the seed or the folder names, else of the one that runs. */
async function publish({ model, state, seed }: MetadataOptions): Promise<PublishedMetadata> {
  if (state === undefined && seed === undefined) return requireLab().metadata(model?.map(({ name }) => name) ?? []);
  const [{ openAuthority }, { publishMetadata }] = await Promise.all([
    import('../../emulator/lab/authority.ts'),
    import('../../emulator/attestation/metadata-blob.ts'),
  ]);
  const { authority, close } = await openAuthority({ state, seed });
  try {
    return await publishMetadata(authority, model ?? models.values(), Date.now());
  } finally {
    await close();
  }
}
