/** `docs/reference/eliotd.md`: every flag and setting of the daemon, from the schema that reads them. */
import { eliotdHelp } from '../../src/agent/settings/help.ts';
import { environmentName, flagName } from '../../src/agent/settings/load-settings.ts';
import { fileSettings, flagSettings } from './eliotd-settings.ts';
import { code, generatedNote, table } from './markdown.ts';

/** The page as Markdown. */
export function eliotdPage(): string {
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
  flagSettings().map(({ name, type, fallback, description }) => [
    code(name),
    code(flagName(name)),
    code(environmentName(name)),
    type,
    code(fallback),
    description,
  ]),
)}

### File only

Names that the kubelet has too are KubeletConfiguration's.

${table(
  ['in the file', 'type', 'default', 'what it is'],
  fileSettings().map(({ name, type, fallback, description }) => [code(name), type, code(fallback), description]),
)}
`;
}
