/** The setting `devices`: which device nodes pods may ask for, and under which name. */
import * as v from 'valibot';

const name = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a name of lower case letters, digits and "-"'),
);
const path = v.pipe(
  v.string(),
  v.check(
    (text) => text.startsWith('/') && !text.includes('\0') && !text.split('/').includes('..'),
    'must be an absolute path; *, ? and […] stand for parts of a name',
  ),
);

/** Devices under one name: `eliot.run/NAME`. */
const device = v.strictObject({
  name,
  paths: v.pipe(v.array(path), v.minLength(1, 'must name a path')),
  shared: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1, 'must be 1 or more')), 1),
  permissions: v.optional(
    v.pipe(v.string(), v.regex(/^r?w?m?$/, 'must be of r, w and m'), v.minLength(1, 'must be of r, w and m')),
    'rw',
  ),
});

export const deviceSettings = v.pipe(
  v.array(device),
  v.title('list of {name, paths, shared, permissions}'),
  v.check(
    (devices) => new Set(devices.map((each) => each.name)).size === devices.length,
    'must have each name only once',
  ),
);
