/** A process that takes a data directory, says so on stdout, and holds it until it is killed: `node lock-holder.ts DIR`. */
import { lockDataDir } from '../store/data-dir-lock.ts';

const [directory = ''] = process.argv.slice(2);
try {
  const lock = lockDataDir(directory);
  process.stdout.write('held\n');
  // Referenced until the end, so that it is not collected.
  process.on('SIGTERM', () => {
    lock.release();
    process.exit(0);
  });
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
