/** The setting `registries`: how each registry is reached, as docs/user/registries.md tells. */
import * as v from 'valibot';

const login = v.strictObject({ username: v.string(), password: v.string() });

const caPath = v.pipe(
  v.string(),
  v.check((path) => path.startsWith('/') && !path.includes('\0'), 'must be an absolute path'),
);

const mirrorUrl = v.pipe(
  v.string(),
  v.regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, 'must be a URL such as https://mirror.lan or http://10.0.0.2:5000'),
);

/** A URL alone, or with what belongs to it. */
const mirror = v.union(
  [
    v.pipe(
      mirrorUrl,
      v.transform((url) => ({ url })),
    ),
    v.strictObject({
      url: mirrorUrl,
      ca: v.optional(caPath),
      skipVerify: v.optional(v.boolean()),
      auth: v.optional(login),
    }),
  ],
  'must be a URL such as https://mirror.lan, or a mapping with url, ca, skipVerify, auth',
);

const registry = v.strictObject({
  mirrors: v.optional(v.array(mirror), []),
  ca: v.optional(caPath),
  plainHttp: v.optional(v.boolean()),
  skipVerify: v.optional(v.boolean()),
  auth: v.optional(login),
});

const registryHost = v.pipe(
  v.string(),
  v.regex(/^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/, 'must be the host of a registry, HOST or HOST:PORT'),
);

/** By host, with its port when it has one. */
export const registriesSchema = v.record(registryHost, registry);
