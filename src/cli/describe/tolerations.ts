/** A toleration as kubectl writes it: `key=value:NoExecute op=Exists for 300s`. */
import type { Toleration } from '../../api/kinds/pod/types.ts';

export function tolerationText({
  key = '',
  value = '',
  effect = '',
  operator = '',
  tolerationSeconds,
}: Toleration): string {
  let text = key;
  if (value !== '') text += `=${value}`;
  if (effect !== '') text += `:${effect}`;
  // Without a key it tolerates everything, or everything of an effect.
  if (operator === 'Exists' && value === '') text += key === '' && effect === '' ? 'op=Exists' : ' op=Exists';
  return tolerationSeconds === undefined ? text : `${text} for ${tolerationSeconds}s`;
}
