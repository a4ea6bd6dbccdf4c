/**
 * Runs an action, but not for ever; what it does after that is left to itself.
 * @param subject as "the check took", for the sentence of the failure
 */
export async function inTime<T>(seconds: number, subject: string, action: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${subject} longer than ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([action(), late]);
  } finally {
    clearTimeout(timer);
  }
}
