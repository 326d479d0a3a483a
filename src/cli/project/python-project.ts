/** A project of Python: `pyproject.toml`, `requirements.txt`, or files that end in `.py`. Pure. */
import { afterInstall, cacheDirectory, type DetectedProject, usualWorkdir } from './detected-project.ts';
import type { ProjectFiles } from './project-files.ts';

/** The files that people think of first. */
const usualFiles = ['main.py', 'app.py', 'server.py', '__main__.py'];
const packages = `${cacheDirectory}/python`;

/** Undefined for no Python. Packages are installed when what names them was changed, and not at each start. */
export function detectPython(files: ProjectFiles): DetectedProject | undefined {
  const sources = [...files.keys()].filter((path) => path.endsWith('.py'));
  const because = ['pyproject.toml', 'requirements.txt', ...sources].find((path) => files.has(path));
  if (because === undefined) return undefined;
  const [, version] = /^(\d+(?:\.\d+){0,2})$/.exec(files.get('.python-version')?.trim() ?? '') ?? [];
  const program = programOf(sources);
  return {
    kind: 'python',
    because,
    image: `docker.io/library/python:${version ?? 'latest'}`,
    workdir: usualWorkdir,
    command: program && withPackages(program, files),
    // What is printed is seen at once, and nothing is written beside the sources.
    env: ['PYTHONUNBUFFERED=1', 'PYTHONDONTWRITEBYTECODE=1', `PYTHONUSERBASE=${packages}`],
    ports: sources.includes('manage.py') ? [{ local: undefined, remote: 8_000 }] : [],
  };
}

function programOf(sources: readonly string[]): readonly string[] | undefined {
  // Django's own server looks for changes by itself, and is told of a device's other addresses.
  if (sources.includes('manage.py')) return ['python3', 'manage.py', 'runserver', '--noreload', '0.0.0.0:8000'];
  const file = usualFiles.find((name) => sources.includes(name)) ?? (sources.length === 1 ? sources[0] : undefined);
  return file === undefined ? undefined : ['python3', file];
}

function withPackages(program: readonly string[], files: ProjectFiles): readonly string[] {
  const mark = `${packages}/installed`;
  const install = (what: string): string =>
    `mkdir -p ${packages} && pip install --user --no-warn-script-location ${what}`;
  if (/^[^#\s]/m.test(files.get('requirements.txt') ?? '')) {
    return afterInstall('requirements.txt', mark, install('-r requirements.txt'), program.join(' '));
  }
  if (/^dependencies\s*=\s*\[\s*["']/m.test(files.get('pyproject.toml') ?? '')) {
    return afterInstall('pyproject.toml', mark, install('.'), program.join(' '));
  }
  return program;
}
