/** What is ignored here stays here, whatever the device does to the rules and to the directories around it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SyncPair, until } from '../../testing/sync-pair.ts';

describe('what is ignored here', () => {
  let pair: SyncPair;
  let steps = 0;
  beforeEach(() => {
    pair = new SyncPair();
    mkdirSync(join(pair.here, 'sub'));
    writeFileSync(join(pair.here, '.gitignore'), 'secret\n/sub/key\n');
    writeFileSync(join(pair.here, 'secret'), 'secret');
    writeFileSync(join(pair.here, 'sub/.gitignore'), 'token\n');
    writeFileSync(join(pair.here, 'sub/token'), 'secret');
    writeFileSync(join(pair.here, 'sub/key'), 'secret');
    writeFileSync(join(pair.here, 'sub/code'), 'code');
  });
  afterEach(() => pair.close());

  const textOf = (root: string, name: string): string | undefined =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), 'utf8') : undefined;

  /** Until each side has heard of all that was done on the other one before. */
  async function settled(): Promise<void> {
    for (const round of [1, 2]) {
      steps += 1;
      const step = `step ${steps}, round ${round}`;
      writeFileSync(join(pair.there, `${step} there`), 'x');
      await until(step, () => existsSync(join(pair.here, `${step} there`)));
      writeFileSync(join(pair.here, `${step} here`), 'x');
      await until(step, () => existsSync(join(pair.there, `${step} here`)));
    }
  }

  function assertKept(): void {
    const contents = readdirSync(pair.there, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    assert.equal(contents.includes('secret'), false);
    for (const name of ['secret', 'sub/token', 'sub/key']) assert.equal(textOf(pair.here, name), 'secret', name);
  }

  const deeds: Record<string, () => void> = {
    'makes rules': () => {
      writeFileSync(join(pair.there, '.eliotignore'), '!secret\n!token\n!key\n!.git\n');
      writeFileSync(join(pair.there, '.dockerignore'), '!secret\n');
    },
    'changes the rules': () => {
      for (const name of ['.gitignore', 'sub/.gitignore']) writeFileSync(join(pair.there, name), '# nothing\n');
    },
    'deletes the rules': () => {
      for (const name of ['.gitignore', 'sub/.gitignore']) rmSync(join(pair.there, name));
    },
    'deletes the directory of the rules': () => rmSync(join(pair.there, 'sub'), { recursive: true }),
    'renames the directory of the rules': () => renameSync(join(pair.there, 'sub'), join(pair.there, 'other')),
  };
  for (const [what, act] of Object.entries(deeds)) {
    it(`stays here when the device ${what}`, async () => {
      await pair.start({ twoWay: true }).first;
      act();
      await settled();
      pair.cut();
      await settled();
      assertKept();
      assert.equal(textOf(pair.here, '.gitignore'), 'secret\n/sub/key\n');
      assert.equal(textOf(pair.here, 'sub/.gitignore'), 'token\n');
      assert.equal(existsSync(join(pair.here, '.eliotignore')), false);
    });
  }

  it('stays where it is when the device has a file in the place of its directory, and that is told', async () => {
    await pair.start({ twoWay: true }).first;
    rmSync(join(pair.there, 'sub'), { recursive: true });
    writeFileSync(join(pair.there, 'sub'), 'no directory');
    await until('word of it', () =>
      pair.states.some((each) => each.kind === 'blocked' && each.paths.some((path) => path.startsWith('sub'))),
    );
    await settled();
    assertKept();
  });

  for (const name of [
    '.EliotIgnore',
    '.GITIGNORE',
    'sub/.GitIgnore',
    '.doc\u212aerignore',
    '.giti\u200cgnore',
    '.eliot.yml',
    'sub/.Eliot.yml',
  ]) {
    it(`stays here also where a disk may take ${JSON.stringify(name)} for what eli goes by`, async () => {
      await pair.start({ twoWay: true }).first;
      writeFileSync(join(pair.there, name), '!secret\n');
      await settled();
      assert.equal(existsSync(join(pair.here, name)), false);
    });
  }

  it('keeps beside it what the device made of the rules, when they change here too', async () => {
    await pair.start({ twoWay: true }).first;
    writeFileSync(join(pair.there, '.gitignore'), 'made there\n');
    await settled();
    writeFileSync(join(pair.here, '.gitignore'), 'secret\n/sub/key\n*.log\n');
    await until('the rules', () => textOf(pair.there, '.gitignore') === 'secret\n/sub/key\n*.log\n');
    const aside = (root: string): string | undefined =>
      readdirSync(root).find((each) => each.startsWith('.gitignore.conflict-'));
    await until('the other version', () => aside(pair.here) !== undefined);
    assert.equal(textOf(pair.here, aside(pair.here) ?? ''), 'made there\n');
  });

  it('is what the command line says, whatever a file says', async () => {
    writeFileSync(join(pair.here, '.eliotignore'), '!*.key\n!dist/\n');
    writeFileSync(join(pair.here, 'a.key'), 'secret');
    writeFileSync(join(pair.here, 'own.key'), 'x');
    await pair.start({ twoWay: true, ignore: ['*.key', '!own.key', 'dist/'] }).first;
    mkdirSync(join(pair.there, 'dist'));
    writeFileSync(join(pair.there, 'dist/x'), 'x');
    await settled();
    assertKept();
    assert.equal(textOf(pair.there, 'own.key'), 'x');
    assert.equal(existsSync(join(pair.here, 'dist')), false);
  });
});
