// Errors of a text without a name get the name of its file.
import { DataError } from "unrolled";

/** Runs `make`; a DataError about "text", "data" or a line says `where` instead. */
export function named<T>(where: string, make: () => T): T {
  try {
    const made = make();
    return made instanceof Promise ? (made.catch((error) => rename(where, error)) as T) : made;
  } catch (error) {
    return rename(where, error);
  }
}

function rename(where: string, error: unknown): never {
  if (!(error instanceof DataError)) throw error;
  const message = /^(text|data):/.test(error.message)
    ? `${where}:${error.message.slice(5)}`
    : /^line \d/.test(error.message)
      ? `${where}, ${error.message}`
      : undefined;
  if (message === undefined) throw error;
  throw new DataError(message, {
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}
