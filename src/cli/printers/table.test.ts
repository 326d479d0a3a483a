import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseOutputFormat } from './output-format.ts';
import { alignTabs, describeTabs, tableTabs } from './tab-writer.ts';
import { renderTable, StreamedTable, type Table, type TableOptions } from './table.ts';

const plain: TableOptions = {
  wide: false,
  noHeaders: false,
  withNamespace: false,
  showLabels: false,
  labelColumns: [],
};

const table: Table = {
  kind: 'Table',
  columnDefinitions: [
    { name: 'Name', type: 'string', format: 'name', priority: 0 },
    { name: 'Ready', type: 'string', priority: 0 },
    { name: 'Age', type: 'string', priority: 0 },
    { name: 'Node', type: 'string', priority: 1 },
  ],
  rows: [
    row('web', ['web', '1/1', '5s', 'pi'], { app: 'web', tier: 'front' }),
    row('a-much-longer-name', ['a-much-longer-name', '0/1', '10d', null]),
  ],
};

function row(name: string, cells: readonly unknown[], labels?: Readonly<Record<string, string>>) {
  return { cells, object: { metadata: { name, namespace: 'default', ...(labels ? { labels } : {}) } } };
}

describe('a table', () => {
  it('is aligned as kubectl aligns it, with nothing after the last cell', () => {
    assert.equal(
      renderTable(table, plain),
      'NAME                 READY   AGE\nweb                  1/1     5s\na-much-longer-name   0/1     10d\n',
    );
  });

  it('has more columns when it is wide', () => {
    assert.match(renderTable(table, { ...plain, wide: true }), /^NAME +READY +AGE +NODE\n.* 5s +pi\n.* 10d +<none>\n$/);
  });

  it('can show the namespace, labels and some labels', () => {
    const text = renderTable(table, {
      ...plain,
      withNamespace: true,
      showLabels: true,
      labelColumns: ['example.org/x', 'app'],
    });
    const [header, first, second] = text.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(header, ['NAMESPACE', 'NAME', 'READY', 'AGE', 'X', 'APP', 'LABELS']);
    assert.deepEqual(first, ['default', 'web', '1/1', '5s', 'web', 'app=web,tier=front']);
    assert.equal(second?.at(-1), '<none>');
  });

  it('can leave out its headings and put the kind before names', () => {
    assert.match(renderTable(table, { ...plain, noHeaders: true, namePrefix: 'pod' }), /^pod\/web +1\/1/);
  });

  it('without rows is nothing at all', () => {
    assert.equal(renderTable({ kind: 'Table', columnDefinitions: [], rows: null }, plain), '');
  });

  it('does not let an object command the terminal', () => {
    const evil: Table = { ...table, rows: [row('x', ['\u001b[2Jred\u0007', 'two\nlines', 'tab\there', ''])] };
    assert.match(renderTable(evil, plain), /\^\[\[2Jred\^G +two\.\.\./);
  });

  it('that grows row by row keeps its columns and its one header', () => {
    const stream = new StreamedTable(plain);
    const rows = table.rows ?? [];
    const first = stream.render({ ...table, rows: rows.slice(1) });
    const second = stream.render({ kind: 'Table', rows: rows.slice(0, 1) });
    assert.equal(
      first + second,
      'NAME                 READY   AGE\na-much-longer-name   0/1     10d\nweb                  1/1     5s\n',
    );
  });
});

describe('tabs', () => {
  it('make columns of neighbouring lines only', () => {
    assert.equal(alignTabs('a:\tb\nlonger:\tc\nno tab\nx:\ty', describeTabs), 'a:       b\nlonger:  c\nno tab\nx:  y');
  });

  it('nest: a section inside another has columns of its own', () => {
    assert.equal(
      alignTabs('State:\tRunning\n  Started:\tnow\nReady:\tTrue', describeTabs),
      'State:      Running\n  Started:  now\nReady:      True',
    );
  });

  it('leave room for an empty column', () => {
    assert.equal(alignTabs('a\t\tb', describeTabs), 'a    b');
  });

  it('count characters, not bytes or halves of them', () => {
    assert.equal(alignTabs('ü😀\tx\nabcd\ty', tableTabs), 'ü😀     x\nabcd   y');
  });
});

describe('-o', () => {
  const formats = [
    { text: undefined, format: { kind: 'table', wide: false } },
    { text: 'table', format: { kind: 'table', wide: false } },
    { text: 'wide', format: { kind: 'table', wide: true } },
    { text: 'yaml', format: { kind: 'yaml' } },
    { text: 'jsonpath={.a=="b"}', format: { kind: 'jsonpath', template: '{.a=="b"}' } },
    { text: 'custom-columns=A:.a', format: { kind: 'custom-columns', specification: 'A:.a' } },
  ];
  for (const { text, format } of formats) {
    it(`${text ?? '(nothing)'} is understood`, () => assert.deepEqual(parseOutputFormat(text), format));
  }

  it('refuses what it does not know or a command does not have, and says what there is', () => {
    assert.throws(() => parseOutputFormat('xml'), /output format "xml"/);
    assert.throws(() => parseOutputFormat('jsonpath='), /no template given/);
    assert.throws(
      () => parseOutputFormat('wide', ['json', 'yaml']),
      (error: Error & { hint?: string }) => {
        assert.equal(error.hint, 'allowed formats are: json, yaml');
        return true;
      },
    );
  });
});
