/** The tolerations of a pod in words. */
import type { Toleration } from '../../api/kinds/pod/types.ts';

/** One a line, by key, as kubectl writes them: `key=value:NoExecute op=Exists for 300s`; `<none>` for none. */
export function tolerationsText(tolerations: readonly Toleration[]): string {
  const sorted = [...tolerations].sort((a, b) => ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
  return sorted.length === 0 ? '<none>' : sorted.map(tolerationText).join('\n');
}

function tolerationText({ key = '', value = '', effect = '', operator = '', tolerationSeconds }: Toleration): string {
  let text = key;
  if (value !== '') text += `=${value}`;
  if (effect !== '') text += `:${effect}`;
  // Without a key it tolerates everything, or everything of an effect.
  if (operator === 'Exists' && value === '') text += key === '' && effect === '' ? 'op=Exists' : ' op=Exists';
  return tolerationSeconds === undefined ? text : `${text} for ${tolerationSeconds}s`;
}
