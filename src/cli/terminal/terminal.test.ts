import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Screen } from '../../testing/screen.ts';
import { Terminal } from './terminal.ts';

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  readonly isQuiet?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** A terminal with time that stands still; `pass` moves it in steps of a frame. */
function open({ env = { TERM: 'xterm', NO_COLOR: '1' }, isTTY = true, isQuiet = false, columns, rows }: Options = {}) {
  const screen = new Screen(columns, rows);
  const stderr = isTTY ? screen : Object.assign(screen, { isTTY: false });
  const clock = new FakeClock();
  const stop = new AbortController();
  const terminal = new Terminal({ stderr, env, clock, isQuiet, signal: stop.signal });
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      clock.advance(100);
      await setImmediate();
    }
  };
  return { screen, clock, stop, terminal, pass };
}

describe('an activity', () => {
  it('is shown when it takes more than half a second, and leaves nothing', async () => {
    const { terminal, screen, pass } = open();
    const activity = terminal.begin('waiting for pod/web to end');
    await pass(400);
    assert.equal(screen.text, '');
    await pass(200);
    assert.equal(screen.text, '  ⠦ waiting for pod/web to end');
    await pass(100);
    assert.equal(screen.text, '  ⠧ waiting for pod/web to end');
    activity.end();
    activity.end();
    assert.equal(screen.text, '');
    assert.deepEqual(screen.cursor, [0, 0]);
  });

  it('is never seen when it is quick', async () => {
    const { terminal, screen, pass, clock } = open();
    assert.equal(await terminal.during('quick', async () => 5), 5);
    await pass(1_000);
    assert.equal(screen.written, '');
    assert.equal(clock.sleeping, 0);
  });

  it('ends when its work fails', async () => {
    const { terminal, screen, pass } = open();
    const failing = Promise.withResolvers<void>();
    const work = terminal.during('slow', () => failing.promise);
    await pass(600);
    failing.reject(new Error('broken'));
    await assert.rejects(work, /broken/);
    assert.equal(screen.text, '');
  });

  it('shows bars under each other, and one without a name on its own line', async () => {
    const { terminal, screen, pass } = open();
    const activity = terminal.begin('Pulling busybox');
    activity.show('Pulling busybox', [
      { name: 'aaaa', doneBytes: 5_000_000, totalBytes: 5_000_000 },
      { name: 'bb', doneBytes: 1_000_000, totalBytes: 4_000_000 },
    ]);
    await pass(600);
    assert.equal(
      screen.text,
      [
        '  ⠦ Pulling busybox',
        '    aaaa  [========================================]        5MB/5MB',
        '    bb    [=========>------------------------------]        1MB/4MB      0B/s',
      ].join('\n'),
    );
    activity.show('Sending radio.tar', [{ name: '', doneBytes: 0, totalBytes: 1_000_000 }]);
    await pass(100);
    activity.show('Sending radio.tar', [{ name: '', doneBytes: 250_000, totalBytes: 1_000_000 }]);
    await pass(100);
    assert.equal(screen.text, '  ⠇ Sending radio.tar  [======>----------------------]      250kB/1MB   2.5MB/s');
  });

  it('draws at most ten times a second, however often news come', async () => {
    const { terminal, screen, pass } = open();
    const activity = terminal.begin('x');
    for (let step = 0; step < 50; step++) {
      for (let news = 0; news < 20; news++) activity.show(`news ${step} ${news}`);
      await pass(100);
    }
    assert.ok(screen.writes <= 50, String(screen.writes));
    assert.match(screen.text, /news 49 19/);
  });

  it('shows no more lines than there are, and says how many are left out', async () => {
    const { terminal, screen, pass } = open({ rows: 5 });
    for (let number = 1; number <= 9; number++) terminal.begin(`job ${number}`);
    await pass(600);
    assert.equal(screen.text, ['  ⠦ job 1', '  ⠦ job 2', '  ⠦ job 3', '  … and 6 more'].join('\n'));
  });

  for (const columns of [1, 3, 12, 25, 40, 79]) {
    it(`never breaks a line of ${columns} columns`, async () => {
      const { terminal, screen, pass } = open({ columns });
      const activity = terminal.begin('Pulling docker.io/library/a-very-long-name-indeed:1.2.3-debug');
      activity.show('Pulling docker.io/library/a-very-long-name-indeed:1.2.3-debug', [
        { name: '3f5a9b2c1d0e', doneBytes: 1, totalBytes: 30_000_000 },
        { name: '画像', doneBytes: 1, totalBytes: 30_000_000 },
      ]);
      await pass(1_000);
      activity.end();
      assert.equal(screen.text, '');
      for (const line of screen.written.split('\n')) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: without the codes
        assert.ok(line.replace(/\u001b\[\??\d*[A-Za-z]|\r/g, '').length < columns, line);
      }
    });
  }

  it('leaves nothing behind when the terminal became narrower meanwhile', async () => {
    const { terminal, screen, pass } = open();
    terminal.say('done', 'before');
    const activity = terminal.begin('a line of more than forty columns, which has to be broken');
    await pass(600);
    screen.resize(30);
    await pass(100);
    assert.equal(screen.text, '  ✓ before\n  ⠧ a line of more than fort…');
    screen.resize(60);
    await pass(100);
    assert.equal(screen.text, '  ✓ before\n  ⠇ a line of more than forty columns, which has to be bro…');
    activity.end();
    assert.equal(screen.text, '  ✓ before');
  });

  it('leaves the cursor seen and at the begin of a line after every write', async () => {
    const { terminal, screen, pass } = open();
    terminal.begin('x');
    for (let step = 0; step < 10; step++) {
      await pass(100);
      assert.equal(screen.isCursorShown, true);
      assert.equal(screen.cursor[1], 0);
    }
  });

  it('is gone at once when the command is stopped, and nothing moves after that', async () => {
    const { terminal, screen, stop, pass, clock } = open();
    terminal.begin('x');
    await pass(600);
    stop.abort();
    assert.equal(screen.text, '');
    terminal.begin('y');
    await pass(1_000);
    assert.equal(screen.text, '');
    assert.equal(clock.sleeping, 0);
  });
});

describe('an activity that says little', () => {
  it('is seen when nothing says more, and once', async () => {
    const { terminal, screen, pass } = open();
    const waiting = ['one', 'two'].map((name) => terminal.begin(`waiting for ${name}`, 'when nothing else is'));
    await pass(600);
    assert.equal(screen.text, '  ⠦ waiting for one');
    const telling = terminal.begin('deleting');
    await pass(600);
    assert.match(screen.text, /^ {2}\S deleting$/);
    telling.end();
    await pass(100);
    assert.match(screen.text, /^ {2}\S waiting for one$/);
    for (const activity of waiting) activity.end();
    assert.equal(screen.text, '');
  });
});

describe('lines that stay', () => {
  it('stand above what moves', async () => {
    const { terminal, screen, pass } = open();
    terminal.begin('going on');
    await pass(600);
    terminal.say('done', 'one');
    terminal.say('failed', 'two');
    terminal.note('Warning: three');
    await pass(100);
    terminal.say('warning', 'four');
    terminal.say('info', 'five');
    await pass(100);
    assert.equal(screen.text, '  ✓ one\n  ✘ two\nWarning: three\n  ⚠ four\n  • five\n  ⠇ going on');
  });

  it('have colours where they are wanted', () => {
    const { terminal, screen } = open({ env: { TERM: 'xterm' } });
    terminal.say('done', 'one');
    terminal.note('error: two');
    assert.equal(screen.written, '  \u001b[32m✓\u001b[39m one\n\u001b[31merror:\u001b[39m two\n');
  });

  it('may be written by others', async () => {
    const { terminal, screen, pass } = open();
    terminal.begin('going on');
    await pass(600);
    terminal.makeRoomFor('half a ');
    screen.write('half a ');
    await pass(300);
    assert.equal(screen.text, 'half a');
    terminal.makeRoomFor('line\n');
    screen.write('line\n');
    await pass(100);
    assert.equal(screen.text, 'half a line\n  ⠋ going on');
  });
});

describe('where nobody looks', () => {
  for (const { what, options } of [
    { what: 'without a terminal', options: { isTTY: false } },
    { what: 'with --quiet', options: { isQuiet: true } },
  ]) {
    it(`nothing is shown ${what} but failures and warnings`, async () => {
      const { terminal, screen, pass, clock } = open(options);
      terminal.say('done', 'one');
      const activity = terminal.begin('going on');
      activity.show('still', [{ name: '', doneBytes: 1 }]);
      assert.equal(clock.sleeping, 0);
      await pass(1_000);
      terminal.note('error: two');
      activity.end();
      assert.equal(screen.written, 'error: two\n');
    });
  }

  it('a simple terminal gets each line once', async () => {
    const { terminal, screen, pass } = open({ env: { TERM: 'dumb' } });
    const activity = terminal.begin('going on');
    await pass(2_000);
    activity.show('further');
    terminal.say('done', 'one');
    await pass(500);
    activity.end();
    assert.equal(screen.written, '  • going on\n  ✓ one\n');
  });

  it('a terminal without such letters gets others', async () => {
    const { terminal, screen, pass } = open({ env: { TERM: 'linux', NO_COLOR: '1' } });
    terminal.say('done', 'one');
    terminal.begin('going on');
    await pass(600);
    assert.equal(screen.text, '  + one\n  - going on');
  });
});
