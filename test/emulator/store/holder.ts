/** A process that holds a store open until its standard input ends. Argument: the folder. Says "open", or why not. */
import { once } from 'node:events';
import { openLmdbStore } from '../../../emulator/store/lmdb.ts';

const [, , folder] = process.argv;
if (folder === undefined) throw new TypeError('expected the folder of a store, got no argument');
try {
  const store = await openLmdbStore(folder, { namespace: 'key-1' });
  await store.commit([{ path: 'holder', value: new TextEncoder().encode(String(process.pid)) }]);
  console.log('open');
  await once(process.stdin.resume(), 'end');
  await store.close();
} catch (error) {
  console.log(String(error));
}
