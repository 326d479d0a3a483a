/** The verbs and flags of `eli`. Each verb's code is loaded when it is used. */
import { Command, type CommanderError } from 'commander';
import { version } from '../lib/version.ts';
import type { GlobalFlags } from './context.ts';
import type { ProgramDeps } from './program-options.ts';
import { addImageVerbs } from './verbs/image-verbs.ts';
import { addManifestVerbs } from './verbs/manifest-verbs.ts';
import { addMetadataVerbs } from './verbs/metadata-verbs.ts';
import { addPodVerbs } from './verbs/pod-verbs.ts';
import { addReadVerbs } from './verbs/read-verbs.ts';
import { addRolloutVerbs } from './verbs/rollout-verbs.ts';
import { addWorkloadVerbs } from './verbs/workload-verbs.ts';

type AddVerbs = (program: Command, deps: ProgramDeps) => void;

/** Which file declares a verb. */
const declarations: readonly { readonly verbs: readonly string[]; readonly add: AddVerbs }[] = [
  { verbs: ['get', 'describe', 'version'], add: addReadVerbs },
  { verbs: ['apply', 'create', 'delete'], add: addManifestVerbs },
  { verbs: ['label', 'annotate'], add: addMetadataVerbs },
  { verbs: ['scale'], add: addWorkloadVerbs },
  { verbs: ['rollout'], add: addRolloutVerbs },
  { verbs: ['logs', 'exec'], add: addPodVerbs },
  { verbs: ['image'], add: addImageVerbs },
];

/**
 * Those that `argv` can mean: declaring every verb takes a command a millisecond. All of them, for the help and for
 * suggestions, when no word of it is a verb.
 */
function declarationsFor(argv: readonly string[]): typeof declarations {
  const meant = declarations.filter(({ verbs }) => argv.some((word) => verbs.includes(word)));
  return meant.length > 0 ? meant : declarations;
}

/**
 * The command line, as far as `argv` needs it. Parsing throws CommanderError instead of ending the process; help is written
 * through `write`, complaints through `writeError`.
 */
export function createProgram(argv: readonly string[], deps: ProgramDeps): Command {
  const program = new Command('eli')
    .description('Works with the containers of IoT devices that run Eliot, in the words of kubectl.')
    .usage('[flags] VERB …')
    .version(version, '--version', 'show the version of eli and end')
    .option('--kubeconfig <file>', 'kubeconfig file of the device')
    .option('--node <name>', 'the device by its name')
    .option('--context <name>', 'context of the kubeconfig, instead of its current-context')
    .option('-n, --namespace <name>', 'namespace to work in (default: the context\'s, else "default")')
    .option('-o, --output <format>', 'table, wide, json, yaml, name, jsonpath=…, custom-columns=…')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [verb]', 'show the help of a verb')
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: deps.write, writeErr: deps.writeError, outputError: () => {} })
    .addHelpText('after', generalHelp);
  program.hook('preAction', (_program, action) => deps.context.useFlags(action.optsWithGlobals<GlobalFlags>()));
  for (const { add } of declarationsFor(argv)) add(program, deps);
  return program;
}

/** Whether parsing ended because help or the version was asked for. */
export function isHelp(error: CommanderError): boolean {
  return ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code);
}

const generalHelp = `
The device is, in this order: --kubeconfig or --node, ELI_NODE, KUBECONFIG, the eliotd that runs here
(/run/eliot/eliotd.sock; ELIOT_RUN_DIR says where else). A server that is not Eliot is never touched.

Examples:
  eli get pods                 what runs on the device
  eli apply -f pod.yaml        make it so
  eli logs -f web              follow what a pod prints
  eli exec -it web -- sh       go inside
`;
