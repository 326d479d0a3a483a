import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../lib/status-error.ts';
import { parseManifests } from './parse-manifests.ts';
import { refusedFields } from './refused-fields.ts';

const text = `# a comment
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata:
      name: web
      labels: {app.kubernetes.io/name: web}
    spec:
      containers:
        - name: main
          imag: busybox
          ports:
            - {containerPort: 80}
            - {containerPort: 99999}
---
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "json"}, "spec": {"contaners": []}}
`;

describe('a field that is refused', () => {
  const [list, json] = parseManifests(text, 'f.yaml');
  const places: readonly (readonly [path: string, place: string | undefined])[] = [
    ['spec.containers[0].imag', 'f.yaml:13:11'],
    ['spec.containers[0].ports[1].containerPort', 'f.yaml:16:16'],
    ['metadata.labels[app.kubernetes.io/name]', 'f.yaml:9:16'],
    ['metadata.name', 'f.yaml:8:7'],
    // What is missing is told of where it would stand.
    ['spec.containers[0].image', 'f.yaml:12:11'],
    ['spec.volumes', 'f.yaml:10:5'],
    ['nothing', undefined],
  ];
  for (const [path, place] of places) {
    it(`stands at ${place}: ${path}`, () => assert.equal(list?.placeOf(path), place));
  }

  it('is found in the document that it is in', () => assert.equal(json?.placeOf('spec.contaners'), 'f.yaml:18:76'));

  it('is named in what the server says of strict decoding', () => {
    const message =
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].imag", duplicate field "spec.x"';
    assert.deepEqual(refusedFields(new StatusError('BadRequest', message)), ['spec.containers[0].imag', 'spec.x']);
  });

  it('is named in the causes of an object that is invalid, each once', () => {
    const causes = ['a', 'b', 'a'].map((field) => ({ field, reason: 'FieldValueInvalid', message: 'no' }) as const);
    assert.deepEqual(refusedFields(new StatusError('Invalid', 'invalid', { details: { causes } })), ['a', 'b']);
  });

  it('is not looked for in other failures', () => {
    assert.deepEqual(refusedFields(new StatusError('Forbidden', 'unknown field "x"')), []);
    assert.deepEqual(refusedFields(new Error('strict decoding error: unknown field "x"')), []);
  });
});
