/** The node as events are about it: with the kubelet its name stands for its uid. */
export function nodeItself(name: string): {
  apiVersion: string;
  kind: string;
  metadata: { name: string; uid: string };
} {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name } };
}
