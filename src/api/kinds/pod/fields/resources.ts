/** What a container asks for and may use at most. */
import { list, map, message, required, scalars, string } from '../../../schema/field.ts';

const resourceClaim = message('io.k8s.api.core.v1.ResourceClaim', {
  name: required(string(1)),
  request: string(2),
});

export const resourceRequirements = message('io.k8s.api.core.v1.ResourceRequirements', {
  limits: map(1, scalars.quantity, { doc: 'The most that may be used.' }),
  requests: map(2, scalars.quantity, { doc: 'What is kept free for it; the limits when not given.' }),
  // Kubernetes' strategic merge replaces this list (it has list-map keys, but no patch merge key).
  claims: list(3, resourceClaim),
});

export const containerResizePolicy = message('io.k8s.api.core.v1.ContainerResizePolicy', {
  resourceName: required(string(1, { oneOf: ['cpu', 'memory'] })),
  restartPolicy: required(string(2, { oneOf: ['NotRequired', 'RestartContainer'] })),
});
