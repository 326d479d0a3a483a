/** Sees that the priority classes exist which every Kubernetes has. */
import { systemPriorityClasses } from '../api/kinds/priority-class.ts';
import type { ObjectClient } from '../api/object-client.ts';
import { priorityClasses } from '../api/resources.ts';
import { isStatusError } from '../lib/status-error.ts';

/** Makes each that is missing; they cannot be deleted. Repeatable; to be called before pods may be made. */
export async function ensureSystemPriorityClasses(client: ObjectClient): Promise<void> {
  for (const { name, value, description } of systemPriorityClasses) {
    const object = {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
      description,
    };
    try {
      await client.create(priorityClasses, object);
    } catch (error) {
      if (!isStatusError(error, 'AlreadyExists')) throw error;
    }
  }
}
