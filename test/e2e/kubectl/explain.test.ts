/** kubectl 1.35 explain, from the OpenAPI documents that are shipped. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { apiVersionOf, kinds } from '../../../src/api/scheme.ts';
import { TestDevice } from '../../support/device.ts';

describe('kubectl 1.35 explain', { concurrency: 4 }, () => {
  let device: TestDevice;
  before(async () => {
    device = await TestDevice.start({ image: false });
  });
  after(() => device?.close());

  const explain = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await device.kubectlOk(['explain', ...args]);
    assert.equal(stderr, '');
    return stdout;
  };

  for (const kind of kinds) {
    it(`tells of ${kind.kind} and all of its fields`, async () => {
      const text = await explain(kind.resource, `--api-version=${apiVersionOf(kind)}`);
      const group = kind.group === '' ? '' : `GROUP:      ${kind.group}\n`;
      assert.ok(text.startsWith(`${group}KIND:       ${kind.kind}\nVERSION:    ${kind.version}\n`), text);
      assert.doesNotMatch(text, /DESCRIPTION:\n\s*<empty>/);
      assert.match(text, /\n {2}metadata\t<ObjectMeta>\n {4}\S/);
      const all = await explain(kind.resource, '--recursive');
      assert.match(all, /\n {4}labels\t<map\[string\]string>\n/);
      assert.equal([...all.matchAll(/<Object>$/gm)].length, 0);
    });
  }

  it('tells of one field, however deep', async () => {
    const text = await explain('pod.spec.containers.livenessProbe.httpGet.port');
    assert.match(text, /FIELD: port <IntOrString>\n/);
    assert.match(text, /Number or name of the port\./);
  });

  it('tells what is required and which values there are', async () => {
    const text = await explain('pod.spec.containers.ports');
    assert.match(text, /FIELD: ports <\[\]ContainerPort>\n/);
    assert.match(text, /\n {2}containerPort\t<integer> -required-\n/);
    assert.match(text, /\n {2}protocol\t<string>\n {2}enum: SCTP, TCP, UDP\n/);
    assert.match(await explain('pod.spec.nodeSelector'), /FIELD: nodeSelector <map\[string\]string>/);
  });

  it('says which field there is not', async () => {
    const { exitCode, stderr } = await device.kubectl(['explain', 'pod.spec.nope']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /field "nope" does not exist/);
  });
});
