import type { Container } from '../../api/kinds/pod/types.ts';
import { expandVariables } from './expand-variables.ts';

/**
 * The command of a probe or hook with `$(NAME)` expanded from the variables of the spec that are plain values, the
 * only ones the kubelet knows there; the rest stays as it is.
 */
export function staticCommand(command: readonly string[], { env = [] }: Container): readonly string[] {
  const values = new Map(env.filter(({ valueFrom }) => !valueFrom).map(({ name, value = '' }) => [name, value]));
  return command.map((argument) => expandVariables(argument, (name) => values.get(name)));
}
