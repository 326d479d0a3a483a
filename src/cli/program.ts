/** The verbs and flags of `eli`. Each verb's code is loaded when it is used. */
import { Command, type CommanderError } from 'commander';
import { version } from '../lib/version.ts';
import type { GlobalFlags } from './context.ts';
import type { ProgramDeps } from './program-options.ts';
import { addBundleVerbs } from './verbs/bundle-verbs.ts';
import { addChangeVerbs } from './verbs/change-verbs.ts';
import { addCompletionVerbs } from './verbs/completion-verbs.ts';
import { addCreateVerbs } from './verbs/create-verbs.ts';
import { addDeviceVerbs } from './verbs/device-verbs.ts';
import { addImageVerbs } from './verbs/image-verbs.ts';
import { addManifestVerbs } from './verbs/manifest-verbs.ts';
import { addMetadataVerbs } from './verbs/metadata-verbs.ts';
import { addNodeVerbs } from './verbs/node-verbs.ts';
import { addObserveVerbs } from './verbs/observe-verbs.ts';
import { addPodVerbs } from './verbs/pod-verbs.ts';
import { addPushVerbs } from './verbs/push-verbs.ts';
import { addReadVerbs } from './verbs/read-verbs.ts';
import { addRolloutVerbs } from './verbs/rollout-verbs.ts';
import { addRunVerbs } from './verbs/run-verbs.ts';
import { addUpVerbs } from './verbs/up-verbs.ts';
import { addWorkloadVerbs } from './verbs/workload-verbs.ts';

type AddVerbs = (program: Command, deps: ProgramDeps) => void;

/** Which file declares a verb. */
const declarations: readonly { readonly verbs: readonly string[]; readonly add: AddVerbs }[] = [
  { verbs: ['get', 'describe', 'version'], add: addReadVerbs },
  { verbs: ['completion', '__complete'], add: addCompletionVerbs },
  { verbs: ['apply', 'delete', 'convert'], add: addManifestVerbs },
  { verbs: ['create'], add: addCreateVerbs },
  { verbs: ['run'], add: addRunVerbs },
  { verbs: ['up'], add: addUpVerbs },
  { verbs: ['label', 'annotate'], add: addMetadataVerbs },
  { verbs: ['edit', 'patch', 'replace', 'set', 'cordon', 'uncordon', 'drain'], add: addChangeVerbs },
  { verbs: ['scale', 'wait'], add: addWorkloadVerbs },
  { verbs: ['rollout'], add: addRolloutVerbs },
  { verbs: ['logs', 'exec', 'attach', 'port-forward', 'cp'], add: addPodVerbs },
  { verbs: ['top', 'events', 'auth', 'api-resources', 'explain'], add: addObserveVerbs },
  { verbs: ['image'], add: addImageVerbs },
  { verbs: ['bundle'], add: addBundleVerbs },
  { verbs: ['push'], add: addPushVerbs },
  { verbs: ['pair', 'config'], add: addDeviceVerbs },
  { verbs: ['node'], add: addNodeVerbs },
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
export function createProgram(argv: readonly string[], given: Omit<ProgramDeps, 'wholeProgram'>): Command {
  const deps = { ...given, wholeProgram: () => createProgram([], given) };
  const program = new Command('eli')
    .description('Works with the containers of IoT devices that run Eliot, in the words of kubectl.')
    .usage('[flags] VERB …')
    .version(version, '--version', 'show the version of eli and end')
    .option('--kubeconfig <file>', 'kubeconfig file of the device')
    .option('--node <names>', 'the device by its name; several with commas between')
    .option('--all-nodes', 'every paired device, or every context of --kubeconfig')
    .option('--context <name>', 'context of the kubeconfig, instead of its current-context')
    .option('-n, --namespace <name>', 'namespace to work in (default: the context\'s, else "default")')
    .option('-o, --output <format>', 'table, wide, json, yaml, name, jsonpath=…, custom-columns=…')
    .option('-q, --quiet', 'no progress and no remarks: only results and failures')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [verb]', 'show the help of a verb')
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: deps.write, writeErr: deps.writeError, outputError: () => {} })
    .addHelpText('after', generalHelp);
  program.hook('preAction', (_program, action) =>
    deps.context.useFlags(action.optsWithGlobals<GlobalFlags>(), verbOf(action)),
  );
  for (const { add } of declarationsFor(argv)) add(program, deps);
  return program;
}

/** `rollout` of `rollout status`. */
function verbOf(action: Command): string {
  const { parent } = action;
  return parent?.parent ? verbOf(parent) : action.name();
}

/** Whether parsing ended because help or the version was asked for. */
export function isHelp(error: CommanderError): boolean {
  return ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code);
}

const generalHelp = `
The device is, in this order: --kubeconfig or --node, ELI_NODE, KUBECONFIG, the eliotd that runs here
(/run/eliot/eliotd.sock; ELIOT_RUN_DIR says where else), the device that was paired (~/.eli/kubeconfig;
ELI_KUBECONFIG says where else). A server that is not Eliot is never touched.

Examples:
  eli get nodes                the devices that are paired or on the network
  eli get pods                 what runs on the device
  eli apply -f pod.yaml        make it so
  eli logs -f web              follow what a pod prints
  eli exec -it web -- sh       go inside
`;
