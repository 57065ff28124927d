// Standard output: whole lines, one at a time, ending quietly when the reader goes away.

export interface Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Resolves when the text has left the process, or at once when the reader is gone. */
  write(text: string): Promise<void>;
  /** One JSON value on a line of its own. */
  json(value: object): Promise<void>;
  /** True once the reader is gone. */
  readonly closed: boolean;
  /** Calls back when the reader goes away. */
  onClose(listener: () => void): void;
  /** Waits for what is under way, but not longer than `milliseconds`. */
  flush(milliseconds: number): Promise<void>;
  /** The failure of the output that is no closed pipe: a full disk behind `> file`. */
  readonly failure: Error | undefined;
}

export interface Writable {
  write(text: string, done: (error?: Error | null) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * Texts are handed to the stream one after the other: a pipe takes up to 4096 bytes whole or not at all, so a line of
 * JSON is never cut, whenever the process ends.
 */
export function openOutput(stream: Writable): Output {
  const listeners: (() => void)[] = [];
  let closed = false;
  let failure: Error | undefined;
  let last: Promise<void> = Promise.resolve();
  const fail = (error: Error): void => {
    if (closed) return;
    closed = true;
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") failure = error;
    for (const listener of listeners) listener();
  };
  stream.on("error", fail);
  const put = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (closed) return resolve();
      stream.write(text, (error) => {
        if (error) fail(error);
        resolve();
      });
    });
  const write = (text: string): Promise<void> => {
    last = last.then(() => put(text));
    return last;
  };
  return {
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns ?? 80;
    },
    get rows() {
      return stream.rows ?? 24;
    },
    get closed() {
      return closed;
    },
    get failure() {
      return failure;
    },
    write,
    json: (value) => write(`${JSON.stringify(value)}\n`),
    onClose: (listener) => void listeners.push(listener),
    flush: async (milliseconds) => {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      });
      await Promise.race([last, limit]);
      clearTimeout(timer);
    },
  };
}
