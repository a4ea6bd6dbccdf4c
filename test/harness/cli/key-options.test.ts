import { Command } from 'commander';
import { expect, it } from 'vitest';
import { defaultModel } from '../../../emulator/models/index.ts';
import { addKeyOptions, type KeyOptions, labOptions } from '../../../harness/cli/key-options.ts';

function labOf(...words: string[]) {
  const command = addKeyOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }), 'auto');
  return labOptions(command.parse(words, { from: 'user' }).opts<KeyOptions>(), 'auto');
}

it('makes keys of a model that type as fast as is asked', () => {
  expect(labOf().model).toBe(defaultModel);
  expect(labOf('--typing-interval', '20').model).toEqual({ ...defaultModel, otp: { reportInterval: 20 } });
  for (const wrong of ['0', '-1', '1001', 'fast']) {
    expect(() => labOf('--typing-interval', wrong)).toThrow('expected a number from 1 to 1000');
  }
});
