/** What `eli up --init` writes: what would be done without the file, and what else can be said. Pure. */
import { stringify } from 'yaml';
import type { ProjectSettings } from './project-settings.ts';

/** What can be added, as comments. */
const more = `
# ports: [8080]                          # forwarded to this machine; "3000:80" chooses the port here
# devices: [serial]                      # what the device offers, as eli run --device takes it
# resources: { limits: { memory: 128Mi, cpu: 500m } }
# ignore: ["*.log", data/]               # besides .gitignore, .dockerignore and .eliotignore
# on-change: restart                     # or none, or a command: npm test
# two-way: true                          # files that are made on the device come back
# binds: ["/data:/data:ro"]              # directories of the device
`;

/** @param because what it was made from, for the first line */
export function newEliotFile(
  { name, image, command, workdir, env = [], ports = [] }: ProjectSettings,
  because: string,
): string {
  const fields = {
    name,
    image,
    ...(command === undefined || command.length === 0 ? {} : { command }),
    ...(workdir === undefined ? {} : { workdir }),
    ...(env.length === 0 ? {} : { env }),
    ...(ports.length === 0
      ? {}
      : { ports: ports.map(({ local, remote }) => (local === undefined ? remote : `${local}:${remote}`)) }),
  };
  return `# How "eli up" runs this project on a device; written for ${because}.\n${stringify(fields, { lineWidth: 0 })}${more}`;
}
