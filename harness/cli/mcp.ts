/** `ctaplab mcp`: a lab for programs that speak the Model Context Protocol over stdin and stdout. */
import type { Command } from 'commander';
import { findLab, LabClient } from '../lab/lab-client.ts';
import { closing } from './closing.ts';
import { addKeyOptions, type KeyOptions, labOptions } from './key-options.ts';
import { StopRequest } from './terminal.ts';
import { verb } from './verb.ts';
import { packageVersion } from './version.ts';

export function command(): Command {
  return addKeyOptions(
    verb('mcp', 'serve a lab to programs that speak MCP, over stdio', ['mcp', 'mcp --model token2-bio3 --keys 2']),
    'auto',
  )
    .addHelpText(
      'after',
      `
The lab that runs is served; where none does, one of its own, which the options
describe, and which ends with stdin. In the settings of an MCP client:
  {"mcpServers": {"ctaplab": {"command": "npx", "args": ["ctaplab", "mcp"]}}}`,
    )
    .action(serve);
}

function serve(options: KeyOptions): Promise<void> {
  return closing(async (onClose) => {
    const stop = new StopRequest();
    onClose(() => stop.close());
    const [{ StdioServerTransport }, { createLabServer }] = await Promise.all([
      import('@modelcontextprotocol/sdk/server/stdio.js'),
      import('../mcp/server.ts'),
    ]);
    const lab = new LabClient(findLab() ?? (await ownLab(options, onClose)));
    const server = createLabServer({ lab, version: packageVersion() });
    onClose(() => server.close());
    process.stdin.once('end', () => stop.stop());
    await server.connect(new StdioServerTransport());
    await stop.requested;
  });
}

async function ownLab(options: KeyOptions, onClose: (close: () => unknown) => void) {
  const [{ Lab }, { serveControlApi }] = await Promise.all([
    import('../../emulator/lab/lab.ts'),
    import('../../emulator/lab/server.ts'),
  ]);
  const lab = await Lab.open(labOptions(options, 'auto'));
  onClose(() => lab.close());
  // stdout carries the protocol, so that all else goes to stderr.
  const server = await serveControlApi(lab, { onDefect: (error) => process.stderr.write(`ctaplab: ${error}\n`) });
  onClose(() => server.close());
  return server;
}
