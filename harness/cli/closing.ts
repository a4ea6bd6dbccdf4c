/**
 * Runs `work` and then what it handed to `onClose`, last first, whatever happened.
 * Rejects with the first failure: of the work, else of the closing.
 */
export async function closing<T>(work: (onClose: (close: () => unknown) => void) => Promise<T>): Promise<T> {
  const closers: (() => unknown)[] = [];
  const failures: unknown[] = [];
  const result = await work((close) => closers.push(close)).catch((error) => {
    failures.push(error);
    return undefined;
  });
  for (const close of closers.reverse()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return result as T;
}
