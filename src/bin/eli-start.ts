/**
 * Starts `eli` from its bundle with the code that V8 made of it when it was built, which saves a third of its start.
 * With no such code, or when this Node is another than the one that made it, the bundle is compiled as usual.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { addMissingBuiltins } from '../lib/missing-builtins.ts';
import { smallVerbs } from './small-program.ts';

const bundle = `${__dirname}/${smallVerbs.includes(process.argv[2] ?? '') ? 'eli-small' : 'eli-program'}`;
const program = `${bundle}.cjs`;
/** Set by the build alone: where to write the code of what has run. */
const keptCode = process.env['ELIOT_KEEP_CODE'];

function readCode(): Buffer | undefined {
  try {
    return readFileSync(`${bundle}.cache`);
  } catch {
    return undefined;
  }
}

// The bundler writes ASCII only; as Latin-1 it takes half the memory. It is one function, of `require`.
const source = readFileSync(program, 'latin1');
const cachedData = keptCode === undefined ? readCode() : undefined;
const script = new Script(source, { filename: program, ...(cachedData === undefined ? {} : { cachedData }) });
if (keptCode !== undefined) process.on('exit', () => writeFileSync(keptCode, script.createCachedData()));
addMissingBuiltins();
(script.runInThisContext() as (require: NodeJS.Require) => void)(require);
