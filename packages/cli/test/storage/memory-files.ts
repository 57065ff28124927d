// A file system in memory that knows what a power cut would leave. Content is certain only after sync, names only after
// syncFolder; what is uncertain may be there, be missing, or (content) be there in part, in any combination.
import { dirname } from "node:path";
import type { Files } from "../../src/storage/files.js";

type Change = (content: Uint8Array) => Uint8Array;

interface FileNode {
  content: Uint8Array;
  certain: Uint8Array;
  changes: Change[];
}

type Names = Map<string, FileNode>;

interface FolderNode {
  names: Names;
  certain: Names;
  changes: ((names: Names) => void)[];
}

export interface MemoryFiles extends Files {
  /** Every state that a power cut now could leave, each a new file system. */
  readonly afterPowerCut: () => Generator<MemoryFiles>;
  /** Operations so far, "sync training.safetensors" and the like. */
  readonly log: readonly string[];
}

export interface MemoryOptions {
  /** Called before each operation with its number; may throw. */
  readonly before?: (operation: string, index: number) => void;
  /** Called after each operation that changes something. */
  readonly after?: (operation: string) => void;
  /** The sync with this number (from 0, files and folders) does nothing. */
  readonly withoutSync?: number;
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

export function memoryFiles(options: MemoryOptions = {}, from?: ReadonlyMap<string, Names>): MemoryFiles {
  const folders = new Map<string, FolderNode>();
  for (const [path, names] of from ?? [["/", new Map()]]) {
    folders.set(path, { names: new Map(names), certain: new Map(names), changes: [] });
  }
  // A folder that is not certain itself is lost with all in it.
  const uncertainFolders = new Set<string>();
  const handles = new Map<number, { readonly node: FileNode; readonly name: string }>();
  const log: string[] = [];
  let nextHandle = 3;
  let syncs = 0;
  let attempts = 0;

  const run = <T>(operation: string, changes: boolean, work: () => T): T => {
    options.before?.(operation, attempts++);
    log.push(operation);
    const result = work();
    if (changes) options.after?.(operation);
    return result;
  };
  const folderOf = (path: string): FolderNode => {
    const folder = folders.get(dirname(path));
    if (folder === undefined) throw systemError("ENOENT");
    return folder;
  };
  const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const nameIn = (folder: FolderNode, change: (names: Names) => void): void => {
    change(folder.names);
    folder.changes.push(change);
  };
  const changeContent = (node: FileNode, change: Change): void => {
    node.content = change(node.content);
    node.changes.push(change);
  };
  const handle = (file: number) => {
    const found = handles.get(file);
    if (found === undefined) throw systemError("EBADF");
    return found;
  };
  const syncing = (work: () => void): void => {
    if (syncs++ !== options.withoutSync) work();
  };

  return {
    open: (path, mode) =>
      run(`open ${mode} ${baseName(path)}`, mode !== "read", () => {
        const folder = folderOf(path);
        let node = folder.names.get(baseName(path));
        if (node === undefined) {
          if (mode === "read") throw systemError("ENOENT");
          const made: FileNode = { content: new Uint8Array(0), certain: new Uint8Array(0), changes: [] };
          nameIn(folder, (names) => names.set(baseName(path), made));
          node = made;
        } else if (mode === "write") changeContent(node, () => new Uint8Array(0));
        handles.set(nextHandle, { node, name: baseName(path) });
        return nextHandle++;
      }),
    write: (file, bytes) =>
      run(`write ${handle(file).name}`, true, () => {
        const copy = bytes.slice();
        changeContent(handle(file).node, (content) => Uint8Array.of(...content, ...copy));
        return bytes.length;
      }),
    read: (file, into, position) =>
      run(`read ${handle(file).name}`, false, () => {
        const part = handle(file).node.content.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      }),
    size: (file) => run(`size ${handle(file).name}`, false, () => handle(file).node.content.length),
    truncate: (file, length) =>
      run(`truncate ${handle(file).name}`, true, () => {
        changeContent(handle(file).node, (content) => content.slice(0, length));
      }),
    sync: (file) =>
      run(`sync ${handle(file).name}`, true, () =>
        syncing(() => {
          const { node } = handle(file);
          node.certain = node.content;
          node.changes = [];
        }),
      ),
    close: (file) => run(`close ${handle(file).name}`, false, () => void handles.delete(file)),
    rename: (old, name) =>
      run(`rename ${baseName(old)} ${baseName(name)}`, true, () => {
        const folder = folderOf(old);
        const node = folder.names.get(baseName(old));
        if (node === undefined) throw systemError("ENOENT");
        nameIn(folder, (names) => {
          names.delete(baseName(old));
          names.set(baseName(name), node);
        });
      }),
    remove: (path) =>
      run(`remove ${baseName(path)}`, true, () => {
        const folder = folderOf(path);
        if (!folder.names.has(baseName(path))) throw systemError("ENOENT");
        nameIn(folder, (names) => names.delete(baseName(path)));
      }),
    makeFolder: (path) =>
      run(`makeFolder ${baseName(path)}`, true, () => {
        if (!folders.has(dirname(path))) throw systemError("ENOENT");
        folders.set(path, { names: new Map(), certain: new Map(), changes: [] });
        uncertainFolders.add(path);
      }),
    syncFolder: (path) =>
      run(`syncFolder ${baseName(path)}`, true, () =>
        syncing(() => {
          const folder = folders.get(path);
          if (folder === undefined) throw systemError("ENOENT");
          folder.certain = new Map(folder.names);
          folder.changes = [];
          for (const inside of uncertainFolders) if (dirname(inside) === path) uncertainFolders.delete(inside);
        }),
      ),
    list: (path) => run(`list ${baseName(path)}`, false, () => [...(folders.get(path)?.names.keys() ?? [])]),
    kind: (path) =>
      run(`kind ${baseName(path)}`, false, () =>
        folders.has(path) ? "folder" : folders.get(dirname(path))?.names.has(baseName(path)) ? "file" : "nothing",
      ),
    pid: 1,
    alive: () => false,
    log,
    afterPowerCut: function* () {
      for (const lost of uncertainFolders.size > 0 ? [false, true] : [false]) {
        const kept = [...folders].filter(([path]) => !lost || ![...uncertainFolders].some((u) => path.startsWith(u)));
        yield* combine(kept);
      }
    },
  };
}

function* combine(folders: readonly (readonly [string, FolderNode])[]): Generator<MemoryFiles> {
  let states: Map<string, Names>[] = [new Map()];
  for (const [path, folder] of folders) {
    const next: Map<string, Names>[] = [];
    for (const names of namesLeft(folder)) {
      for (const contents of contentsLeft(names))
        for (const state of states) next.push(new Map([...state, [path, contents]]));
    }
    states = next;
  }
  for (const state of states) yield memoryFiles({}, state);
}

function* namesLeft({ certain, changes }: FolderNode): Generator<Names> {
  for (let subset = 0; subset < 2 ** changes.length; subset++) {
    const names: Names = new Map(certain);
    changes.forEach((change, i) => {
      if ((subset >> i) & 1) change(names);
    });
    yield names;
  }
}

function* contentsLeft(names: Names): Generator<Names> {
  let states: Names[] = [new Map()];
  for (const [name, node] of names) {
    const contents = contentLeft(node);
    states = states.flatMap((state) =>
      contents.map((content) => new Map(state).set(name, { content, certain: content, changes: [] })),
    );
  }
  yield* states;
}

function contentLeft({ certain, content, changes }: FileNode): readonly Uint8Array[] {
  if (changes.length === 0) return [content];
  const half = content.slice(0, certain.length + ((content.length - certain.length) >> 1));
  const zeros = content.slice().fill(0, Math.min(certain.length, content.length >> 1));
  return [certain, content, half, zeros];
}
