/** What the daemon is started with. */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { LoadedSettings } from './settings/load-settings.ts';

/** Everything that comes from the process around it. */
export interface AgentOptions {
  readonly settings: LoadedSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Paths of the bundled children, and of the Node that runs them. */
  readonly certificatesProgram: string;
  readonly syncProgram: string;
  readonly imagesProgram: string;
  readonly bundleProgram: string;
  readonly nodeProgram: string;
  /** Directory of what is shipped beside the program: the sandbox image. */
  readonly assets: string;
  /** Directory of the OpenAPI documents. */
  readonly openApi: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes what was asked for, and is no log. */
  readonly writeToStdout: (text: string) => void;
  /** Called once, when the API answers. */
  readonly onReady: (server: string, kubeconfig: string) => void;
}
