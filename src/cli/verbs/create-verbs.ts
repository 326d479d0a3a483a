/** `create`: objects that do not exist yet, from manifests or made of flags. */
import type { Command } from 'commander';
import type { CreateFlags } from '../commands/create.ts';
import type { CreatedKind, CreateObjectFlags } from '../commands/create-object.ts';
import type { CreatePodFlags } from '../commands/create-pod.ts';
import type { CreateTokenFlags } from '../commands/create-token.ts';
import { dryRunOption, examples, type ProgramDeps, repeatable } from '../program-options.ts';

const fromLiteral = () => repeatable('--from-literal <key=value>', 'a key with this value');
const fromFile = () =>
  repeatable('--from-file <[key=]path>', 'a key with the content of this file, or of each in a directory');
const fromEnvFile = () => repeatable('--from-env-file <file>', 'a key for each line KEY=VALUE of this file');

/** Adds the verbs to `program`. */
export function addCreateVerbs(program: Command, deps: ProgramDeps): void {
  const create = addCreate(program, deps);
  addPod(create, deps);
  addConfigMap(create, deps);
  addSecrets(create, deps);
  addPlain(create, deps, 'namespace', ['ns'], 'create a namespace');
  addPlain(create, deps, 'serviceaccount', ['sa'], 'create an account for what runs in pods');
  addDeployment(create, deps);
  addLimits(create, deps);
  addToken(create, deps);
}

function addCreate(program: Command, { context, run }: ProgramDeps): Command {
  return program
    .command('create')
    .description('create resources; those that exist are a failure')
    .addOption(repeatable('-f, --filename <file>', 'file, directory, URL, or - for stdin; may be given several times'))
    .option('-R, --recursive', 'also the directories inside a directory')
    .option(...dryRunOption)
    .addHelpText(
      'after',
      examples(
        'eli create -f pod.yaml',
        'eli create -f https://example.org/pod.yaml',
        'eli create configmap web --from-literal=colour=red',
      ),
    )
    .action((flags: CreateFlags) =>
      run(async () => (await import('../commands/create.ts')).runCreate(flags, context), 'SeveralByLine'),
    );
}

function addPod(create: Command, { context, run }: ProgramDeps): void {
  create
    .command('pod')
    .description('create a pod of images, one container each')
    .argument('[name]', 'name of the pod')
    .addOption(repeatable('--image <image>', 'image of a container; may be given several times'))
    .addHelpText(
      'after',
      examples('eli create pod --image nginx web', 'eli create pod --image app:1 --image db:2 both'),
    )
    // `create` has taken its own flags, --dry-run among them.
    .action((name: string | undefined, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<CreatePodFlags>();
      return run(
        async () => (await import('../commands/create-pod.ts')).runCreatePod(name, flags, context),
        'SeveralByLine',
      );
    });
}

/** One that makes an object of a name and flags. */
function addKind(parent: Command, { context, run }: ProgramDeps, kind: CreatedKind, description: string): Command {
  return parent
    .command(kind.split(' ').at(-1) ?? kind)
    .description(description)
    .argument('[name...]', kind === 'deployment' ? 'NAME; after --: the command and its arguments' : 'NAME')
    .option(...dryRunOption)
    .option('--field-manager <name>', 'who owns the fields afterwards (default: eli-create)')
    .action((args: string[], _flags: CreateObjectFlags, command: Command) => {
      // What `create` has too (`--dry-run`) was read there.
      const flags = command.optsWithGlobals<CreateObjectFlags>();
      return run(
        async () => (await import('../commands/create-object.ts')).runCreateObject(kind, args, flags, context),
        'SeveralByLine',
      );
    });
}

function addPlain(
  create: Command,
  deps: ProgramDeps,
  kind: 'namespace' | 'serviceaccount',
  aliases: readonly string[],
  description: string,
): void {
  addKind(create, deps, kind, description)
    .aliases(aliases)
    .addHelpText('after', examples(`eli create ${kind} mine`));
}

function addConfigMap(create: Command, deps: ProgramDeps): void {
  addKind(create, deps, 'configmap', 'create a ConfigMap of values, files or directories')
    .alias('cm')
    .addOption(fromLiteral())
    .addOption(fromFile())
    .addOption(fromEnvFile())
    .addHelpText(
      'after',
      examples(
        'eli create configmap web --from-literal=colour=red --from-file=index.html',
        'eli create cm web --from-file=page=index.html --dry-run=client -o yaml',
      ),
    );
}

function addSecrets(create: Command, deps: ProgramDeps): void {
  const secret = create.command('secret').description('create a Secret');
  addKind(secret, deps, 'secret generic', 'create a Secret of values, files or directories')
    .addOption(fromLiteral())
    .addOption(fromFile())
    .addOption(fromEnvFile())
    .option('--type <type>', 'what it is for (default: Opaque)')
    .addHelpText('after', examples('eli create secret generic db --from-literal=password=open'));
  addKind(secret, deps, 'secret docker-registry', 'create a Secret with which images are pulled')
    .option('--docker-server <address>', 'registry (default: https://index.docker.io/v1/)')
    .option('--docker-username <name>', 'who pulls')
    .option('--docker-password <password>', 'with which password')
    .option('--docker-email <address>', 'and which address')
    .addHelpText(
      'after',
      examples('eli create secret docker-registry hub --docker-username=me --docker-password="$PASSWORD"'),
    );
  addKind(secret, deps, 'secret tls', 'create a Secret of a certificate and its key')
    .option('--cert <file>', 'certificate (PEM)')
    .option('--key <file>', 'its private key (PEM)')
    .addHelpText('after', examples('eli create secret tls web --cert=web.crt --key=web.key'));
}

function addDeployment(create: Command, deps: ProgramDeps): void {
  addKind(create, deps, 'deployment', 'create a Deployment, which keeps pods running')
    .alias('deploy')
    .addOption(repeatable('--image <image>', 'a container of this image; may be given several times'))
    .option('-r, --replicas <count>', 'so many pods (default: 1)')
    .option('--port <number>', 'the port that its container serves')
    .addHelpText(
      'after',
      examples(
        'eli create deployment web --image=registry.local/web:1 --port=80',
        'eli create deployment loop --image=busybox -- sh -c "while :; do date; sleep 1; done"',
      ),
    );
}

function addLimits(create: Command, deps: ProgramDeps): void {
  addKind(create, deps, 'quota', 'create a bound on what a namespace may use')
    .alias('resourcequota')
    .option('--hard <amounts>', 'most of each resource, for example cpu=1,memory=1Gi,pods=5')
    .option('--scopes <names>', 'only what these name, for example BestEffort')
    .addHelpText('after', examples('eli create quota small --hard=cpu=1,memory=256Mi,pods=5 -n lab'));
  addKind(create, deps, 'poddisruptionbudget', 'create a bound on how many pods may be evicted at once')
    .alias('pdb')
    .option('--selector <labels>', 'pods with these labels')
    .option('--min-available <count>', 'so many must stay; a number, or a share of them: 50%')
    .option('--max-unavailable <count>', 'so many may be away')
    .addHelpText('after', examples('eli create pdb web --selector=app=web --min-available=1'));
}

function addToken(create: Command, { context, run }: ProgramDeps): void {
  create
    .command('token')
    .description('print a token with which a program acts as a service account')
    .argument('[name...]', 'name of the service account')
    .addOption(repeatable('--audience <name>', 'for whom it is good (default: this API)'))
    .option('--duration <duration>', 'for how long, for example 10m or 24h (default: as the device says)')
    .option('--bound-object-kind <kind>', 'Pod, Secret or Node: it ends with this object')
    .option('--bound-object-name <name>', 'name of the object')
    .option('--bound-object-uid <uid>', 'its UID, when it must be this very one')
    .addHelpText('after', examples('eli create token robot --duration=1h', 'eli create token robot -n sensors -o yaml'))
    .action((args: string[], flags: CreateTokenFlags) =>
      run(
        async () => (await import('../commands/create-token.ts')).runCreateToken(args, flags, context),
        'SeveralByLine',
      ),
    );
}
