/**
 * Replaces `$(NAME)` as Kubernetes does (k8s.io/kubernetes third_party/forked/golang/expansion):
 * `$$` is one dollar sign, so `$$(NAME)` stays as text; what is not known, not closed or no reference stays as it is.
 */
export function expandVariables(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === '$') return '$';
    return lookUp(name ?? '') ?? whole;
  });
}
