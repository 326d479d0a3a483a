/**
 * `text` for a command, an argument or a variable of a pod, so that it arrives as it is: Kubernetes reads `$(NAME)` as the value
 * of a variable, and `$$` as a single dollar. What has neither stays readable.
 */
export function literal(text: string): string {
  return /\$[$(]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}
