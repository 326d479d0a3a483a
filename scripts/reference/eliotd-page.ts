/** `docs/reference/eliotd.md`: every flag and setting of the daemon, from the schema that reads them. */
import * as v from 'valibot';
import { eliotdHelp } from '../../src/agent/settings/help.ts';
import { environmentName, flagKeys, flagName } from '../../src/agent/settings/load-settings.ts';
import { settingsSchema } from '../../src/agent/settings/settings.ts';
import { code, generatedNote, table } from './markdown.ts';

type SettingSchema = (typeof settingsSchema.entries)[keyof typeof settingsSchema.entries];

/** The page as Markdown. */
export function eliotdPage(): string {
  const entries = Object.entries(settingsSchema.entries);
  const isFlag = (name: string): boolean => flagKeys.some((key) => key === name);
  const byFlag = entries.filter(([name]) => isFlag(name));
  const inFile = entries.filter(([name]) => !isFlag(name));
  return `${generatedNote}

# eliotd

\`\`\`text
${eliotdHelp.trim()}
\`\`\`

## Settings

A flag wins over the environment, the environment over the file, the file over the default. A name or value
that eliotd does not know is refused at the start, with one line that says where it stands.
The file is named by \`--config\` or \`ELIOT_CONFIG\`. A duration is written \`10s\`, \`5m\` or \`1h30m\`.

### Flag, environment or file

${table(
  ['in the file', 'flag', 'environment', 'type', 'default', 'what it is'],
  byFlag.map(([name, schema]) => [
    code(name),
    code(flagName(name)),
    code(environmentName(name)),
    typeOf(schema),
    code(defaultOf(schema)),
    descriptionOf(schema),
  ]),
)}

### File only

Names that the kubelet has too are KubeletConfiguration's.

${table(
  ['in the file', 'type', 'default', 'what it is'],
  inFile.map(([name, schema]) => [code(name), typeOf(schema), code(defaultOf(schema)), descriptionOf(schema)]),
)}
`;
}

function typeOf(schema: SettingSchema): string {
  return v.getTitle(schema.wrapped) ?? schema.wrapped.type;
}

/** Empty when there is none, or when the description says what it is. */
function defaultOf(schema: SettingSchema): string {
  const value: unknown = schema.default;
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  return String(value);
}

/** @throws Error for a setting that nobody described */
function descriptionOf(schema: SettingSchema): string {
  const description = v.getDescription(schema.wrapped);
  if (description === undefined) throw new Error('a setting in settings.ts has no description');
  return description;
}
