/** The pull policy that follows from an image's name. */

/**
 * `Always` for an image whose tag is `latest` or absent, else `IfNotPresent`; a digest alone names fixed content,
 * so it counts as a tag (SetDefaults_Container).
 */
export function defaultPullPolicy(container: Readonly<Record<string, unknown>>): string {
  return imagePullPolicyOf(container['image']);
}

/** As `defaultPullPolicy`, for an image volume, whose image stands in `reference`. */
export function defaultVolumePullPolicy(source: Readonly<Record<string, unknown>>): string {
  return imagePullPolicyOf(source['reference']);
}

function imagePullPolicyOf(image: unknown): string {
  if (typeof image !== 'string') return 'IfNotPresent';
  const [nameAndTag = '', digest] = image.split('@', 2);
  // A colon before the last slash belongs to the registry's port.
  const lastPart = nameAndTag.slice(nameAndTag.lastIndexOf('/') + 1);
  const tag = lastPart.includes(':') ? lastPart.slice(lastPart.indexOf(':') + 1) : digest === undefined ? 'latest' : '';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}
