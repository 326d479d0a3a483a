/** Networks for the pods of test devices: two devices on one machine, also of two test files, never get the same one. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A network that is this process's until it gives it back. */
export interface PodNetwork {
  /** `10.N.0.0/16`, N from 100 to 199. */
  readonly cidr: string;
  release(): void;
}

const directory = join(tmpdir(), 'eliot-e2e-networks');

/** The first network that no living process holds; one whose holder was killed counts as free. */
export function claimPodNetwork(): PodNetwork {
  mkdirSync(directory, { recursive: true });
  for (let number = 100; number < 200; number += 1) {
    const claim = join(directory, String(number));
    if (!isHeld(claim) && tryToHold(claim)) {
      return { cidr: `10.${number}.0.0/16`, release: () => rmSync(claim, { force: true }) };
    }
  }
  throw new Error(`all networks are held; see ${directory}`);
}

/** The claim appears with its holder's pid in it, so that nobody sees it without. */
function tryToHold(claim: string): boolean {
  const own = `${claim}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own);
  }
}

function isHeld(claim: string): boolean {
  let pid: number;
  try {
    pid = Number(readFileSync(claim, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    rmSync(claim, { force: true });
    return false;
  }
}
