/** `bundle …`: an application, with its images, as one file. */
import type { Command } from 'commander';
import type { BundleApplyFlags } from '../commands/bundle-apply.ts';
import type { BundleCreateFlags } from '../commands/bundle-create.ts';
import type { BundleInspectFlags } from '../commands/bundle-inspect.ts';
import type { BundleVerifyFlags } from '../commands/bundle-verify.ts';
import { examples, type ProgramDeps, repeatable } from '../program-options.ts';

const file = ['<file>', 'the bundle'] as const;

/** Adds the verbs to `program`. */
export function addBundleVerbs(program: Command, deps: ProgramDeps): void {
  const bundle = program.command('bundle').description('an application with its images as one file');
  addMaking(bundle, deps);
  addLooking(bundle, deps);
  addApplying(bundle, deps);
}

function addMaking(bundle: Command, { context, run }: ProgramDeps): void {
  bundle
    .command('create')
    .description('write manifests, and the images that they want, into one file')
    .addOption(repeatable('-f, --filename <file>', 'file, directory or URL of manifests; - for stdin'))
    .option('-R, --recursive', 'directories in directories too')
    .option('-t, --tag <name:version>', 'what it is called (default: the name of the file, version 0)')
    .option('--arch <list>', 'architectures, with commas between (default: those that every image has)')
    .addOption(repeatable('--image-archive <file>', 'archive of images: "docker save", an OCI archive or layout'))
    .option('--from-device', 'take images that no archive has from the device, not from docker or podman')
    .option('--sign <key>', 'sign with this private key (see "eli bundle keygen")')
    .option('--progress-deadline <seconds>', 'time until everything must be ready (default: 600)')
    .option('--bake <seconds>', 'time for which it must stay ready to count as working (default: 5)')
    .addHelpText(
      'after',
      examples(
        'eli bundle create -f manifests/ -o app.eliot',
        'eli bundle create -f manifests/ -o app.eliot --image-archive web.tar',
        'eli bundle create -f app.yaml -t app:1.4.0 --sign factory.key --from-device -o app.eliot',
        'eli bundle create -f app.yaml --arch arm64,amd64 --image-archive web-arm64.tar --image-archive web-amd64.tar -o app.eliot',
      ),
    )
    .action((flags: BundleCreateFlags) =>
      // As in `image save`, -o is the file here.
      run(async () => (await import('../commands/bundle-create.ts')).runBundleCreate(flags, context)),
    );
  bundle
    .command('keygen')
    .description('make a pair of keys: NAME.key to sign with, NAME.pem for the devices')
    .argument('<name>', 'path without an ending')
    .addHelpText('after', examples('eli bundle keygen factory'))
    .action((name: string) =>
      run(async () => (await import('../commands/bundle-keygen.ts')).runBundleKeygen(name, context), 'NoDevice'),
    );
}

function addLooking(bundle: Command, { context, run }: ProgramDeps): void {
  bundle
    .command('inspect')
    .description('show what is in a bundle')
    .argument(...file)
    .addOption(repeatable('--key <file>', 'public key that may have signed it'))
    .option('--manifests', 'print the manifests as they would be applied')
    .addHelpText('after', examples('eli bundle inspect app.eliot', 'eli bundle inspect app.eliot --manifests'))
    .action((path: string, flags: BundleInspectFlags) =>
      run(
        async () => (await import('../commands/bundle-inspect.ts')).runBundleInspect(path, flags, context),
        'NoDevice',
      ),
    );
  bundle
    .command('verify')
    .description('read all of a bundle, and say whether it is whole and whose it is')
    .argument(...file)
    .addOption(repeatable('--key <file>', 'public key that must have signed it'))
    .addHelpText('after', examples('eli bundle verify app.eliot', 'eli bundle verify app.eliot --key factory.pem'))
    .action((path: string, flags: BundleVerifyFlags) =>
      run(async () => (await import('../commands/bundle-verify.ts')).runBundleVerify(path, flags, context), 'NoDevice'),
    );
}

function addApplying(bundle: Command, { context, run }: ProgramDeps): void {
  bundle
    .command('apply')
    .description('hand a bundle to the device, and wait until all of it is ready')
    .argument(...file)
    .option('--force', 'also a version that is older, or that failed on the device before')
    .option('--dry-run', 'only ask the device what it thinks of it')
    .option('--no-wait', 'end when the device has it')
    .option('--timeout <duration>', 'wait so long at most, for example 5m (default: as long as the device does)')
    .addHelpText(
      'after',
      examples('eli bundle apply app.eliot', 'eli bundle apply app.eliot --node kitchen,hall', 'eli delete bundle app'),
    )
    .action((path: string, flags: BundleApplyFlags) =>
      run(
        async () => (await import('../commands/bundle-apply.ts')).runBundleApply(path, flags, context),
        'SeveralByLine',
      ),
    );
}
