/** The table by which our readers of YAML are tested, against the real kubectl. Needs no device. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refused, yamlValues } from '../../../src/testing/yaml-values.ts';
import { run, runOk } from '../../support/command.ts';
import { kubectlPath } from '../../support/kubectl.ts';

// Prints what it read without asking a server, the types of fields unchecked.
const annotate = ['annotate', '--local', '-f', '-', '-o', 'json', 'read=yes'];
const configMap = (lines: readonly string[]): string =>
  ['apiVersion: v1', 'kind: ConfigMap', 'metadata: {name: a}', 'data:', ...lines, ''].join('\n');

describe('YAML as kubectl 1.35 reads it', () => {
  it('has the values of our table', async () => {
    const accepted = yamlValues.filter(([, value]) => value !== refused);
    const input = configMap(accepted.map(([text], index) => `  key-${index}: ${text}`));
    const { stdout } = await runOk(kubectlPath(), annotate, { input });
    const { data } = JSON.parse(stdout) as { readonly data: Readonly<Record<string, unknown>> };
    for (const [index, [text, value]] of accepted.entries()) {
      assert.deepEqual(data[`key-${index}`], Object.is(value, -0) ? 0 : value, text);
    }
  });

  for (const [text] of yamlValues.filter(([, value]) => value === refused)) {
    it(`has no value for ${text}`, async () => {
      assert.notEqual((await run(kubectlPath(), annotate, { input: configMap([`  key: ${text}`]) })).exitCode, 0);
    });
  }
});
