/**
 * Draws a terminal as SVG: docs/images/quickstart.svg. The commands are run, and what they print is what the
 * picture shows; the text in it can be selected. Needs what the quickstart needs, and kubectl in PATH.
 *
 *   node scripts/terminal-picture.ts FILE COMMAND…
 *   node scripts/terminal-picture.ts docs/images/quickstart.svg 'npm run quickstart' 'kubectl get pods -A'
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

interface Line {
  readonly text: string;
  readonly kind: 'command' | 'heading' | 'success' | 'step' | 'output';
}

const font = { size: 14, width: 8.43, lineHeight: 20 } as const;
const margin = { left: 20, top: 58, right: 20, bottom: 16 } as const;

/** Readable on the dark ground for everybody, colour-blind people included. */
const colours: Readonly<Record<Line['kind'] | 'ground' | 'bar', string>> = {
  ground: '#12181f',
  bar: '#1d2630',
  command: '#ffffff',
  heading: '#8fa3b5',
  success: '#5fd38d',
  step: '#7fb8e8',
  output: '#d3dce4',
};

/** What a person sees who types `command`; stdout and stderr as they come. */
function linesOf(command: string): Line[] {
  // npm's notices about its own next version are no part of what the command does.
  const env = { ...process.env, NO_UPDATE_NOTIFIER: '1' };
  const { stdout, status } = spawnSync('sh', ['-c', `exec 2>&1; ${command}`], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}`);
  const printed = stdout.replace(/\n+$/, '').split('\n');
  return [{ text: `$ ${command}`, kind: 'command' }, ...printed.map((text) => ({ text, kind: kindOf(text) }))];
}

function kindOf(text: string): Line['kind'] {
  if (text.startsWith('$ ')) return 'command';
  if (text.startsWith('✓')) return 'success';
  if (text.startsWith('•') || text.startsWith('> ')) return 'step';
  return /^[A-Z][A-Z -]+$/.test(text) ? 'heading' : 'output';
}

function draw(lines: readonly Line[], title: string): string {
  const columns = Math.max(...lines.map(({ text }) => [...text].length));
  const width = Math.ceil(margin.left + columns * font.width + margin.right);
  const height = margin.top + lines.length * font.lineHeight + margin.bottom;
  const rows = lines.map(({ text, kind }, index) =>
    text === '' ? '' : `<text class="${kind}" y="${margin.top + index * font.lineHeight}">${escapeXml(text)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeXml(title)}</title>
<style>
text { font: ${font.size}px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }
${(['command', 'heading', 'success', 'step', 'output'] as const).map((kind) => `.${kind} { fill: ${colours[kind]} }`).join('\n')}
.command { font-weight: bold }
</style>
<rect width="${width}" height="${height}" rx="8" fill="${colours.ground}"/>
<path d="M0 32V8a8 8 0 0 1 8-8h${width - 16}a8 8 0 0 1 8 8v24z" fill="${colours.bar}"/>
<circle cx="20" cy="16" r="5" fill="#ff6b60"/><circle cx="38" cy="16" r="5" fill="#f6c350"/><circle cx="56" cy="16" r="5" fill="#5fd38d"/>
<g xml:space="preserve" transform="translate(${margin.left} 0)">
${rows.filter((row) => row !== '').join('\n')}
</g>
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const [file, ...commands] = process.argv.slice(2);
if (file === undefined || commands.length === 0) {
  console.error('usage: node scripts/terminal-picture.ts FILE COMMAND…');
  process.exit(2);
}
const lines = commands.flatMap((command, index) => [
  ...(index === 0 ? [] : [{ text: '', kind: 'output' } as const]),
  ...linesOf(command),
]);
writeFileSync(file, draw(lines, `A terminal: ${commands.join('; ')}`));
