/**
 * The device's side of a sync session: carries out what a client asks for in one tree, one request after the other. It runs in
 * a process of its own (`src/bin/eliot-sync.ts`) that ends with the session; eliotd only passes the bytes on.
 */
import type { Readable, Writable } from 'node:stream';
import { FrameWriter } from '../../api/sync/frame-writer.ts';
import { dataBytes, dataFrame, type Frame, FrameError, FrameReader, jsonFrame } from '../../api/sync/frames.ts';
import { parseRequest, type SyncAnswer, type SyncRequest } from '../../api/sync/messages.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Entry } from '../../lib/tree/entry.ts';
import { IgnoreRules } from '../../lib/tree/ignore-rules.ts';
import { digestFile, openTreeFile } from '../../lib/tree/read-file.ts';
import { TreeError, treeErrorOf } from '../../lib/tree/tree-error.ts';
import type { TreePlaces } from '../../lib/tree/tree-places.ts';
import type { Expected, TreeWriter } from '../../lib/tree/tree-writer.ts';
import { WatchedTree } from '../../lib/tree/watched-tree.ts';
import { IncomingChunks } from './incoming-chunks.ts';
import type { IncomingContent } from './incoming-content.ts';
import { IncomingFile } from './incoming-file.ts';
import { treeMessages } from './tree-messages.ts';

export interface ServeTreeDeps {
  readonly places: TreePlaces;
  readonly writer: TreeWriter;
  readonly clock: Clock;
  /** As `treeIdentity` gives it. */
  readonly identity: string | undefined;
}

/**
 * Serves until the client has nothing more to say. A client that does not keep to the language is told so, and that is the end.
 * Never rejects for what a client does.
 */
export async function serveTree(deps: ServeTreeDeps, input: Readable, output: Writable): Promise<void> {
  const { places, writer } = deps;
  const session = new TreeSession(deps, output, (error) => input.destroy(error));
  try {
    writer.sweep();
    const frames = new FrameReader();
    // It stays open until the answer has left.
    for await (const chunk of input.iterator({ destroyOnReturn: false })) {
      // Since the last one others may have moved directories.
      places.forget();
      for (const frame of frames.read(chunk as Buffer)) await session.take(frame);
    }
  } catch (error) {
    if (isReaderGone(error)) return;
    const { code, message } =
      error instanceof FrameError ? new TreeError('Invalid', error.message) : treeErrorOf(error, 'the session');
    await session.answer({ is: 'fatal', code, message }).catch(() => {});
  } finally {
    session.close();
    try {
      writer.clean();
    } catch {
      // The tree is gone, and what was in it.
    }
  }
}

class TreeSession {
  readonly #places: TreePlaces;
  readonly #writer: TreeWriter;
  readonly #clock: Clock;
  readonly #identity: string | undefined;
  readonly #output: FrameWriter;
  readonly #fail: (error: Error) => void;
  readonly #over = new AbortController();
  /** What the client has been told, once it is open. */
  #tree: WatchedTree | undefined;
  /** The file whose content comes now. */
  #incoming: IncomingContent | undefined;

  /** @param fail ends the session for what nobody asked for */
  constructor({ places, writer, clock, identity }: ServeTreeDeps, output: Writable, fail: (error: Error) => void) {
    this.#places = places;
    this.#writer = writer;
    this.#clock = clock;
    this.#identity = identity;
    this.#output = new FrameWriter(output);
    this.#fail = fail;
    // A reader that has gone is noticed where something is written.
    output.on('error', () => {});
  }

  /** @throws FrameError when the client does not keep to the language */
  async take(frame: Frame): Promise<void> {
    if (frame.kind === 'data') {
      if (this.#incoming === undefined) throw new FrameError('there is content that belongs to no file');
      const { n } = this.#incoming;
      const ranges = await this.#incoming.add(frame.bytes);
      if (ranges !== undefined) await this.answer({ is: 'lacks', n, ranges });
      return;
    }
    const request = parseRequest(frame.text);
    if ((request.do === 'open') === (this.#tree !== undefined))
      throw new FrameError('a session is opened first, and once');
    if ((request.do === 'end') !== (this.#incoming !== undefined)) {
      throw new FrameError('the content of a file ends before the next request, and only then');
    }
    if (request.do === 'open') return await this.#open(request);
    await this.#carryOut(request);
  }

  async answer(answer: SyncAnswer): Promise<void> {
    await this.#write(jsonFrame(answer));
  }

  close(): void {
    this.#output.flush();
    this.#over.abort();
    this.#incoming?.drop();
    this.#incoming = undefined;
  }

  async #open({ rules, follow }: SyncRequest & { readonly do: 'open' }): Promise<void> {
    const options = { places: this.#places, rules: new IgnoreRules(rules), readRules: false, clock: this.#clock };
    const tree = new WatchedTree(options);
    this.#tree = tree;
    if (follow) tree.watch(this.#over.signal);
    else tree.readAll();
    for (const message of treeMessages(tree.entries, [])) await this.answer(message);
    await this.answer({ is: 'scanned', ...(this.#identity === undefined ? {} : { identity: this.#identity }) });
    if (follow) {
      this.#follow(tree).catch((error: unknown) => {
        if (!this.#over.signal.aborted && !isReaderGone(error)) this.#fail(treeErrorOf(error, 'the volume'));
      });
    }
  }

  async #follow(tree: WatchedTree): Promise<void> {
    for await (const paths of tree.changes(this.#over.signal)) await this.#tell(tree, paths);
  }

  /** What is there is asked for now, and no earlier: we may have changed it ourselves since it was looked at. */
  async #tell(tree: WatchedTree, paths: ReadonlySet<string>): Promise<void> {
    const present = [...paths].flatMap((path) => {
      const entry = tree.entries.get(path);
      return entry === undefined ? [] : [[path, entry] as const];
    });
    const gone = [...paths].filter((path) => !tree.entries.has(path));
    for (const message of treeMessages(present, gone)) await this.answer(message);
  }

  /** We have changed something at a path: the client is told by the answer, and of what others did there beside it. */
  async #changed(path: string): Promise<void> {
    const tree = this.#tree;
    if (!tree?.isWatched) return;
    const others = tree.look(path);
    others.delete(path);
    if (others.size > 0) await this.#tell(tree, others);
  }

  async #carryOut(request: Exclude<SyncRequest, { readonly do: 'open' }>): Promise<void> {
    const { n } = request;
    try {
      await this.#act(request);
    } catch (error) {
      if (isReaderGone(error) || error instanceof FrameError) throw error;
      const path = 'path' in request ? request.path : 'the file';
      const { code, message } = treeErrorOf(error, path);
      const found = 'path' in request ? this.#look(request.path) : {};
      await this.answer({ is: 'failed', n, code, message, ...found });
    }
  }

  async #act(request: Exclude<SyncRequest, { readonly do: 'open' }>): Promise<void> {
    const { n } = request;
    const done = async (entry: Entry | undefined): Promise<void> => {
      await this.answer({ is: 'done', n, entry: entry ?? null });
      if ('path' in request) await this.#changed(request.path);
    };
    switch (request.do) {
      case 'put':
        this.#incoming = new IncomingFile(this.#writer, request, expectedOf(request));
        return;
      case 'putChunks':
        this.#incoming = new IncomingChunks(this.#places, this.#writer, request, expectedOf(request));
        return;
      case 'end': {
        const incoming = this.#incoming;
        this.#incoming = undefined;
        return await this.#finish(incoming, request);
      }
      case 'makeDirectory':
        return await done(this.#writer.makeDirectory(request.path, request.entry, expectedOf(request)));
      case 'makeLink':
        return await done(this.#writer.makeLink(request.path, request.entry, expectedOf(request)));
      case 'setFile':
        return await done(this.#writer.setFile(request.path, request.entry, expectedOf(request)));
      case 'remove':
        return await done(this.#writer.remove(request.path, expectedOf(request)));
      case 'keepAside': {
        const aside = this.#writer.keepAside(request.path, expectedOf(request));
        await this.answer({ is: 'done', n, entry: null, aside });
        return await this.#changed(request.path);
      }
      case 'digest': {
        const { digest, entry } = await digestFile(this.#places, request.path);
        return await this.answer({ is: 'done', n, entry, digest });
      }
      case 'close':
        // We may be killed in the moment in which the connection ends.
        this.#writer.clean();
        this.#writer.forgetParts();
        return await done(undefined);
      case 'get':
        return await this.#send(request.n, request.path);
    }
  }

  async #finish(incoming: IncomingContent | undefined, { n, ok }: SyncRequest & { readonly do: 'end' }): Promise<void> {
    if (incoming === undefined) return;
    if (incoming.n !== n) {
      incoming.drop();
      throw new FrameError('another file ends than the one that had begun');
    }
    try {
      await this.answer({ is: 'done', n, entry: incoming.finish(ok) });
      await this.#changed(incoming.path);
    } catch (error) {
      if (isReaderGone(error)) throw error;
      const { code, message } = treeErrorOf(error, incoming.path);
      await this.answer({ is: 'failed', n, code, message, ...this.#look(incoming.path) });
    }
  }

  async #send(n: number, path: string): Promise<void> {
    const file = openTreeFile(this.#places, path);
    try {
      await this.answer({ is: 'content', n, entry: file.entry });
      for (let position = 0; position < file.entry.size; ) {
        const bytes = file.read(position, Math.min(dataBytes, file.entry.size - position));
        if (bytes.length === 0) break;
        await this.#write(dataFrame(bytes));
        position += bytes.length;
      }
      if (!file.isUnchanged()) throw new TreeError('Changed', `${path}: it was changed while it was read`);
      await this.answer({ is: 'done', n, entry: file.entry });
    } finally {
      file.close();
    }
  }

  /** What is at a path; nothing to say when that cannot be found out. */
  #look(path: string): { readonly entry?: Entry | null } {
    try {
      const entry = this.#places.entryAt(path);
      return entry === 'special' ? {} : { entry: entry ?? null };
    } catch {
      return {};
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#output.isClosed) throw new ReaderGone();
    await this.#output.write(bytes);
  }
}

class ReaderGone extends Error {}

function isReaderGone(error: unknown): boolean {
  return error instanceof ReaderGone;
}

function expectedOf({ expect }: { readonly expect?: Entry | null }): Expected {
  return expect === undefined ? 'any' : (expect ?? undefined);
}
