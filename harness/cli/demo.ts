/** `ctaplab demo`: the whole guide once, headless, from the administrator's switch to every kind of sign-in. */
import type { Command } from 'commander';
import { closing } from './closing.ts';
import { type DemoOptions, Story } from './demo/story.ts';
import { Failure, toFailure } from './failure.ts';
import { modelOption, seedOption, touchOption, transportOption } from './key-options.ts';
import { Output } from './output.ts';
import { verb } from './verb.ts';

export function command(): Command {
  return verb('demo', 'the guide "Using security keys with Duo" once, headless, step by step', [
    'demo',
    'demo --touch deny; echo $?',
  ])
    .addOption(modelOption())
    .addOption(transportOption('udp'))
    .addOption(touchOption('auto'))
    .addOption(seedOption())
    .addHelpText('after', '\nExits 0 only where every step held; 4 where the touch was denied.')
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  if (options.touch === 'manual') {
    throw new Failure('usage', 'nobody is there to touch the key of a demo', 'Use --touch auto, deny or after=MS.');
  }
  const output = new Output(options);
  const story = new Story(output);
  try {
    const { tellGuide } = await import('./demo/guide.ts');
    await closing((onClose) => tellGuide(story, options, onClose));
    output.document({ ok: true, steps: story.steps });
    output.line(output.colors.green(`All ${story.steps.length} steps held.`));
  } catch (error) {
    output.document({ ok: false, steps: story.steps });
    throw toFailure(error);
  }
}
