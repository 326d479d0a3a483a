/** eliotd(8), from its help and from the schema of its settings. */
import { eliotdHelp } from '../../src/agent/settings/help.ts';
import { fileSettings } from '../reference/eliotd-settings.ts';
import { entry, header, heading, paragraph, verbatim } from './roff.ts';

/** @param date as `2026-11-28` */
export function eliotdMan(date: string): string {
  const help = sectionsOf(eliotdHelp);
  return [
    header('eliotd', 8, date, 'run the pods of this device and serve its Kubernetes API'),
    heading('SYNOPSIS'),
    ...entriesOf(help.get('Usage')),
    heading('OPTIONS'),
    paragraph('Each is also an environment variable, ELIOT_<NAME>, and a key of the file of settings.'),
    ...entriesOf(help.get('Flags')),
    heading('SETTINGS'),
    paragraph(
      'A flag wins over the environment, the environment over the file, the file over the default. These stand in the file only; names that the kubelet has too are those of KubeletConfiguration.',
    ),
    ...fileSettings().map(({ name, type, fallback, description }) =>
      entry(name, `${description} (${type}${fallback === '' ? '' : `, default ${fallback}`})`),
    ),
    heading('EXAMPLES'),
    verbatim((help.get('Examples') ?? []).join('\n')),
    heading('FILES'),
    ...Object.entries(files).map(([path, text]) => entry(path, text)),
    heading('SEE ALSO'),
    paragraph('eli(1), containerd(8), journalctl(1)'),
  ].join('');
}

/** Of an installed package; the directories are those of the default settings. */
const files: Readonly<Record<string, string>> = {
  '/etc/eliot/eliotd.yaml': 'The settings of the service.',
  '/var/lib/eliot': 'What outlives a reboot: objects, certificates, images, logs of containers.',
  '/var/lib/eliot/admin.kubeconfig': "The administrator's way in, for eli and kubectl.",
  '/run/eliot': 'What does not: sockets, status, mounts.',
  '/run/eliot/eliotd.sock': 'The API, for root.',
};

/** The indented lines below each title of the help, by the title's first word. */
function sectionsOf(help: string): ReadonlyMap<string, readonly string[]> {
  const sections = [...help.matchAll(/^(\w+)[^\n]*:\n((?: {2}.*\n)+)/gm)];
  return new Map(
    sections.map(([, title = '', lines = '']) => [
      title,
      lines
        .trimEnd()
        .split('\n')
        .map((line) => line.trim()),
    ]),
  );
}

/** Terms and meanings stand two or more spaces apart. */
function entriesOf(lines: readonly string[] = []): string[] {
  return lines.map((line) => {
    const [term = '', ...meaning] = line.split(/ {2,}/);
    return entry(term, meaning.join(' '));
  });
}
